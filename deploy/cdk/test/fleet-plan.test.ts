// FLEET.yaml of both shapes, as a deployment writes it, taken by `pinhole fleet` against our stand-in of Route 53.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fleetWorld } from '../../../healthcheck/testing/fleet-world.ts';
import { goodStage, NOW_MS, stageFile, stageText } from '../../testing/synth.ts';
import { runFleetFile } from '../fleet-file-command.ts';
import { renderAddresses } from '../outputs.ts';

/** What `cdk deploy --outputs-file` would have written. */
function outputsOf(name: 'example' | 'example-nlb'): string {
  const stage = goodStage(stageText(name));
  const list = stage.slots.map(({ id, role }, index) => ({ slot: id, address: `203.0.113.${index + 1}`, role }));
  return JSON.stringify({ [`${stage.prefix}-addresses`]: { Addresses: renderAddresses(list) } });
}

function writeFleet(t: TestContext, name: 'example' | 'example-nlb'): string {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-fleet-file-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [outputs, file] = [join(folder, 'outputs.json'), join(folder, 'FLEET.yaml')];
  writeFileSync(outputs, outputsOf(name));
  const said: string[] = [];
  const io = {
    stdout: (text: string) => void said.push(text),
    stderr: (text: string) => void said.push(text),
    env: {},
    nowMs: () => NOW_MS,
  };
  const args = ['--stage', stageFile(name), '--outputs', outputs, '--file', file];
  assert.equal(runFleetFile(args, io), 0, said.join(''));
  const first = readFileSync(file, 'utf8');
  assert.equal(runFleetFile(args, io), 0, 'a second time');
  assert.equal(readFileSync(file, 'utf8'), first, 'and nothing has changed');
  return first.replaceAll('token: "file:admin.token"', 'token: secret');
}

test('slots: a plan makes a check for every slot, a record for each with one TTL, and gives the spare no weight', async (t) => {
  const world = await fleetWorld(t);
  // The stand-in gives its zone an id of its own.
  world.file = writeFleet(t, 'example').replace(/zone: \S+/, 'zone: example.com');
  const { code, out, err } = await world.fleet('plan');
  assert.deepEqual([code, err], [0, '']);
  for (const [index, slot] of ['eu-1a', 'eu-1b', 'eu-1s'].entries()) {
    assert.match(out, new RegExp(`\\+ ${slot} {2}http 203\\.0\\.113\\.${index + 1}:443/ready`), 'a check');
    assert.match(
      out,
      new RegExp(
        `\\+ proxy\\.example\\.com pinhole-example/${slot} {2}203\\.0\\.113\\.${index + 1} weight ${slot === 'eu-1s' ? 0 : 100} ttl 60`,
      ),
    );
  }
  assert.deepEqual(new Set([...out.matchAll(/\bttl (\d+)/g)].map(([, ttl]) => ttl)), new Set(['60']));
  assert.match(out, /eu-1a\s+active\s+203\.0\.113\.1\s+100\s+250/, 'and says the opens that the node’s file has already');
  assert.equal((await world.fleet('apply')).code, 0);
  assert.match((await world.fleet('plan')).out, /Nothing to change/);
});

test('nlb: a plan makes a check and a record for every address of the load balancer', async (t) => {
  const world = await fleetWorld(t);
  world.file = writeFleet(t, 'example-nlb').replace(/zone: \S+/, 'zone: example.com');
  const { code, out } = await world.fleet('plan');
  assert.equal(code, 0);
  for (const address of ['203.0.113.1', '203.0.113.2'])
    assert.match(out, new RegExp(`${address.replaceAll('.', '\\.')} weight 100 ttl 60`));
});

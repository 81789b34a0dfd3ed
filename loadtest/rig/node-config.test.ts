// What the rig writes is what `pinhole check` takes.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { planRun } from '../plan.ts';
import { findScenario } from '../scenarios.ts';
import { makeCertificate } from './certificate.ts';
import { type NodeConfigInput, renderNodeConfig } from './node-config.ts';

const run = promisify(execFile);
const PINHOLE = join(import.meta.dirname, '..', '..', 'pinhole');
const DATA = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
const folder = mkdtempSync(join(tmpdir(), 'pinhole-config-'));
after(() => rmSync(folder, { recursive: true }));

function input(name: string, more: Partial<NodeConfigInput> = {}): NodeConfigInput {
  const scenario = findScenario(name)!;
  const planned = planRun(scenario, { cores: 2, availableMib: 24_000, descriptors: 20_000, portRange: [1_024, 65_535], isIsolated: true });
  assert.ok(planned.ok);
  const place = { name: 'eu-1a', address: '127.0.0.11', ports: { agents: 443, health: 8_080, admin: 9_901 }, folder };
  const endpoint = { data: DATA, to: ['127.0.0.101:443', '127.0.0.102:443'], credentials: null, ca: null };
  return { place, scenario, plan: planned.plan, endpoint, tls: null, ...more };
}

async function check(text: string): Promise<string> {
  const file = join(folder, 'pinhole.yaml');
  writeFileSync(file, text);
  const { stdout, stderr } = await run(PINHOLE, ['check', '-c', file]).catch((error: { stdout: string; stderr: string }) => {
    throw new Error(`${error.stdout}${error.stderr}\n${text}`);
  });
  return stdout + stderr;
}

describe('`pinhole check` takes it', () => {
  for (const name of ['hold-50k', 'storm', 'flood', 'idle'])
    test(`of ${name}`, async () => assert.match(await check(renderNodeConfig(input(name))), new RegExp(DATA)));

  test('with TLS to the node, and with every check on', async () => {
    const tls = makeCertificate(folder, 'fleet.pinhole.test');
    assert.ok(tls !== null);
    const credentials = { host: 'c9d8e7f6a5b4c3.credentials.iot.eu-west-1.amazonaws.com', to: '127.0.0.1:4000' };
    const endpoint = { data: DATA, to: ['127.0.0.1:4001'], credentials, ca: tls.certificate };
    const text = renderNodeConfig(input('smoke', { tls, endpoint }));
    assert.doesNotMatch(text, /policy/);
    assert.match(await check(text), /credentials/);
  });
});

test('a node keeps to its share of the quota, in opens and in what a drain closes', () => {
  const text = renderNodeConfig(input('storm'));
  assert.match(text, /opensPerSecond: 222\n/);
  // A quarter of 500, by three nodes.
  assert.match(text, /rate: 41,/);
});

test('only a flood meets the limits of one source', () => {
  assert.doesNotMatch(renderNodeConfig(input('flood')), /perSource/);
  assert.match(renderNodeConfig(input('hold')), /perSource/);
});

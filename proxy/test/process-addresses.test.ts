// The address list from the key to the agent, each part as its own process: made, served, taken, and kept.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCertificate } from './support/certificate.ts';
import { ready } from './support/fake-serve.ts';
import { pinhole, servedNode } from './support/served-node.ts';

const ENDPOINT = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';

test('a list that was made is served as it is, and an agent takes it and keeps it', async (t) => {
  const { folder, file, serve: start } = servedNode(t, ['addresses: list.json']);
  const at = (name: string): string => join(folder, name);
  assert.equal((await pinhole('addresses', 'make', '--new-key', at('key'))).code, 0);
  const addresses = ['--address', 'a=127.0.0.1', '--address', 'b=127.0.0.2,standby'];
  const list = ['--fleet', 'test', '--host', 'proxy.test', '--port', '9', ...addresses, '--key', at('key'), '--out', at('list.json')];
  assert.equal((await pinhole('addresses', 'make', ...list)).code, 0);
  assert.match((await pinhole('check', '-c', file)).stdout, /^Address list of test, until .*\n {2}a {2}127\.0\.0\.1 {2}active$/m);

  const serve = start();
  const url = `http://127.0.0.1:${await ready(serve)}/.well-known/pinhole/addresses.json`;
  const answer = await fetch(url);
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.equal(await answer.text(), readFileSync(at('list.json'), 'utf8'));
  const etag = answer.headers.get('etag') ?? '';
  assert.equal((await fetch(url, { headers: { 'If-None-Match': etag } })).status, 304);

  // Nothing listens on port 9: the agent gives up after one round, over the addresses of the list.
  const device = makeCertificate(['device.test']);
  writeFileSync(at('device.pem'), device.certPem);
  writeFileSync(at('device.key'), device.keyPem);
  const own = ['--endpoint', ENDPOINT, '--cert', at('device.pem'), '--key', at('device.key'), '--proxy', 'http://proxy.test:9'];
  const ofList = ['--addresses', url, '--addresses-key', at('key.pub'), '--addresses-cache', at('cache.json')];
  const run = async (): Promise<{ events: Record<string, unknown>[]; code: number }> => {
    const { stdout, code } = await pinhole('agent', ...own, ...ofList, '--attempts', '1', '--json');
    const lines = stdout.trim().split('\n');
    return { events: lines.map((line) => JSON.parse(line) as Record<string, unknown>), code };
  };
  const first = await run();
  assert.deepEqual(outcomes(first.events), ['taken']);
  assert.equal(first.code, 1);
  assert.match(JSON.stringify(first.events), /proxy\.test \(127\.0\.0\.1:9\)[^]*proxy\.test \(127\.0\.0\.2:9\)/);
  assert.equal((JSON.parse(readFileSync(at('cache.json'), 'utf8')) as { etag: string }).etag, etag);

  serve.child.kill('SIGTERM');
  await serve.ended;
  const again = await run();
  assert.equal(again.events[0]?.['outcome'], 'taken', 'from disk, with the node gone');
  assert.match(JSON.stringify(again.events), /proxy\.test \(127\.0\.0\.1:9\)/);
});

function outcomes(events: readonly Record<string, unknown>[]): unknown[] {
  return events.filter(({ event }) => event === 'addresses').map(({ outcome }) => outcome);
}

test('a node whose list is cut off does not start, and says where', async (t) => {
  const { folder, file, serve: start } = servedNode(t, ['addresses: list.json']);
  writeFileSync(join(folder, 'list.json'), '{"version": 1, "fleet"');
  const serve = start();
  assert.equal(await serve.ended, 64);
  const { code, stderr } = await pinhole('check', '-c', file);
  assert.equal(code, 64);
  assert.match(stderr, /pinhole\.yaml:\d+:\d+: addresses: not an address list .*: not JSON: truncated, or another file\n$/);
});

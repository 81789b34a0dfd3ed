import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Layout } from './layout.ts';
import { Reconciler } from './reconciler.ts';

const FLEET = `name: proxy.sandbox.test
zone: sandbox.test
ttl: 60s
owner: sandbox
check: { port: 443 }
slots:
  - { id: a, address: 127.0.0.11 }
  - { id: b, address: 127.0.0.12 }
`;
const REFUSED = '<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>';

test('whoever wants a look while it starts does not end it, and later gets one', { timeout: 30_000 }, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-fleet-run-'));
  const fleetFile = join(folder, 'FLEET.yaml');
  writeFileSync(fleetFile, FLEET);
  const api = createServer((_, response) => void response.writeHead(403).end(REFUSED)).listen(0, '127.0.0.1');
  await once(api, 'listening');
  const said: string[] = [];
  const deaths: string[] = [];
  const keys = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };
  const endpoint = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, ...keys, AWS_ENDPOINT_URL_ROUTE_53: endpoint };
  const run = new Reconciler({
    layout: { fleetFile, logs: { fleet: join(folder, 'log') } } as Layout,
    env,
    onLine: ({ event }) => void said.push(event),
    onDeath: ({ how }) => void deaths.push(how),
  });
  context.after(async () => {
    await run.stop();
    api.close();
    rmSync(folder, { recursive: true });
  });
  const looks = (): number => said.filter((event) => event === 'failed').length;
  while (looks() === 0 && deaths.length === 0) {
    run.lookNow();
    await sleep(20);
  }
  assert.deepEqual(deaths, []);
  const before = looks();
  run.lookNow();
  while (looks() === before && deaths.length === 0) await sleep(20);
  assert.deepEqual(deaths, []);
});

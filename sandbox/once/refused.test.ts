import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Place } from '../world/place.ts';
import { drive } from './case.ts';
import { refusedCases } from './refused.ts';

test('an open relay, which says 200 to everything, fails every row', async (t) => {
  const server = createServer((client) => {
    client.on('error', () => {});
    client.once('data', () => client.end('HTTP/1.1 200 Connection established\r\n\r\n'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dir = mkdtempSync(join(tmpdir(), 'pinhole-refused-'));
  t.after(() => {
    server.close();
    rmSync(dir, { recursive: true });
  });
  writeFileSync(join(dir, 'ca.pem'), '');
  const port = { number: (server.address() as AddressInfo).port, insteadOf: null };
  const place = {
    ports: { proxy: port, admin: port },
    aws: { data: { host: 'a1-ats.iot.eu-west-1.amazonaws.com' }, files: { ca: join(dir, 'ca.pem') } },
  };

  const outcomes = await drive(refusedCases(place as unknown as Place), () => {});
  assert.ok(outcomes.length > 20);
  assert.deepEqual(
    outcomes.filter((outcome) => outcome.ok),
    [],
  );
});

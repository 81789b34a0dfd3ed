// A real carrier with a test for its supervisor: what it is told while it starts, which only this order of events can show.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ledgerFile, settingsFile } from '../core/runtime-files.ts';
import type { ChildMessage, SupervisorMessage } from '../core/supervision.ts';
import { createLedger } from '../limits/ledger-file.ts';
import { writeTenants } from '../policy/tenant-text.ts';
import { launchOf, spawnCarrier } from '../supervisor/spawn-role.ts';
import { until } from './support/fake-serve.ts';
import { testSettings } from './support/settings.ts';

const ENTRY = fileURLToPath(new URL('../main.ts', import.meta.url));

/** One that rises. */
function startCarrier(t: TestContext, tenants: readonly string[] = []) {
  const runtime = mkdtempSync(join(tmpdir(), 'carrier-'));
  writeFileSync(
    settingsFile(runtime, 1),
    JSON.stringify(testSettings({ runtime, tenants: tenants.length === 0 ? null : listOf(tenants) })),
  );
  createLedger(ledgerFile(runtime), 1);
  const bound = new net.BoundSocket({ host: '127.0.0.1', port: 0, reusePort: true });
  const launch = launchOf(dirname(dirname(ENTRY)), ENTRY);
  const child = spawnCarrier(launch, { runtime, slot: 0, generation: 1, row: 0, isRising: true }, [bound.fd()]);
  bound.close();
  const said: ChildMessage['type'][] = [];
  child.on('message', (message) => said.push((message as ChildMessage).type));
  let muttered = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (muttered += text));
  const ended = new Promise<number | string | null>((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(runtime, { recursive: true, force: true });
  });
  /** It hears all of them at one time, however slow the machine is. */
  const tell = async (...messages: SupervisorMessage[]): Promise<void> => {
    child.kill('SIGSTOP');
    await Promise.all(messages.map((message) => new Promise<void>((resolve) => child.send(message, () => resolve()))));
    child.kill('SIGCONT');
  };
  return { tell, ended, said, muttered: () => muttered };
}

function listOf(ids: readonly string[]) {
  const entry = {
    tokens: ['00'.repeat(32)],
    certificate: null,
    sources: [],
    sniBySource: false,
    endpoints: null,
    tunnels: null,
    opensPerSecond: null,
  };
  return { list: writeTenants(ids.map((id) => ({ ...entry, id }))), places: ids.join('\n') };
}

// It reads so many a little at a time, and nothing else keeps it alive before it serves.
test('a carrier with a long list of tenants starts', async (t) => {
  const { said, muttered } = startCarrier(
    t,
    Array.from({ length: 1_000 }, (_, index) => `customer-${index}`),
  );
  await until(() => said.includes('warm'), 'it to be warm', muttered);
});

test('a carrier that is told to accept, and at once that its generation is retired, never accepts, and ends', async (t) => {
  const { tell, ended, said, muttered } = startCarrier(t);
  await until(() => said.includes('warm'), 'it to be warm', muttered);
  await tell({ type: 'accept' }, { type: 'retire', heir: 2, rate: 8, deadlineMs: 3_600_000 });
  assert.equal(await ended, 0, muttered());
  assert.equal(said.includes('ready'), false);
});

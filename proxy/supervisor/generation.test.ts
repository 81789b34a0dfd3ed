import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { settingsFile } from '../core/runtime-files.ts';
import type { RetireMessage, SupervisorMessage } from '../core/supervision.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { SharedSockets } from './carrier-slot.ts';
import { Generation } from './generation.ts';
import type { SlotSockets } from './listen-sockets.ts';
import { AcceptedSettings } from './runtime-folder.ts';

/** Somebody may set the date. */
class SetClock extends FakeClock {
  setByMs = 0;

  override wallMs(): number {
    return super.wallMs() + this.setByMs;
  }
}

function harness(t: TestContext) {
  const runtime = mkdtempSync(join(tmpdir(), 'generation-'));
  t.after(() => rmSync(runtime, { recursive: true }));
  const clock = new SetClock();
  const toControl: SupervisorMessage[] = [];
  const sockets = new SharedSockets(() => ({ fds: () => [], close() {} }) as unknown as SlotSockets);
  const generation = new Generation({
    ...{ number: 1, version: '1', runtime, policyVersion: 'first', isRising: false, firstRow: 0, clock, sockets: [sockets] },
    launch: { root: '/', node: '/bin/false', entry: '', carrierFlags: [], controlFlags: [], protocol: 1 },
    accepted: new AcceptedSettings(settingsFile(runtime, 1), '{}'),
    log: { write() {}, prepare: () => ({ take() {}, drop() {} }), reopen() {}, flush: () => Promise.resolve() },
    control: { who: 'control', tell: (message) => toControl.push(message) },
    ...{ restoreSettings() {}, warm() {}, stirred() {}, ready() {}, died() {}, late() {} },
  });
  return { clock, generation, toControl };
}

test('a change for a retired generation is none for control, which is of the current one', (t) => {
  const { generation, toControl } = harness(t);
  generation.handOut.ready('control', 'first');
  generation.retire(2, 8, 60_000);
  void generation.handOut.swap('second');
  generation.handOut.stop();
  assert.deepEqual(toControl, []);
});

test('the time that a retired generation has left does not go by the date', (t) => {
  const { clock, generation } = harness(t);
  const told: RetireMessage[] = [];
  const [slot] = generation.slots;
  assert.ok(slot);
  slot.retire = (message) => void told.push(message);
  const atMs = generation.retire(2, 8, 60_000);
  clock.advance(10_000);
  clock.setByMs = 3_600_000;
  assert.equal(generation.retire(3, 4, 60_000), atMs);
  assert.deepEqual(
    told.map(({ heir, deadlineMs }) => [heir, deadlineMs]),
    [
      [2, 60_000],
      [3, 50_000],
    ],
  );
});

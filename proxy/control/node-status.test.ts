import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import { carrierSocket } from '../core/runtime-files.ts';
import type { SupervisorView, Word } from '../core/supervision.ts';
import type { CarrierStatus } from './carrier-api.ts';
import { listenBounded, json } from './bounded-server.ts';
import { judgeReadiness, wordsOf } from './node-status.ts';

function carrier(accepting: boolean, ready: boolean): CarrierStatus {
  const load = { eventLoopDelayS: 0, descriptorsFree: 1, resolver: 'answering', shedding: [], upstreams: {} } as const;
  const who = { slot: 0, generation: 1, pid: 1, node: 'n', version: 'v', relay: 'node', policyVersion: 'p' };
  return { ...who, ready, accepting, tunnels: 0, pending: 0, load, move: null };
}

for (const [what, carriers, reasons] of [
  ['one accepts and is ready', [carrier(true, true), carrier(true, false), null], []],
  ['none answers', [null, null], ['no carrier answered within a second']],
  ['none accepts', [carrier(false, true), null], ['no carrier accepts connections']],
  ['those that accept are not ready, whatever a retired one says', [carrier(true, false), carrier(false, true)], ['no carrier is ready']],
] as const) {
  test(`a node of whose carriers ${what}`, () => {
    const judged = judgeReadiness('/nonexistent', systemClock, carriers);
    assert.deepEqual([judged.ready, judged.reasons], [reasons.length === 0, reasons]);
  });
}

test('a carrier is asked where its supervisor has no word of it, or an old one, and only there', async (t) => {
  const runtime = mkdtempSync(join(tmpdir(), 'words-'));
  const asked: number[] = [];
  const slots = [0, 1, 2, 3, 4];
  const answering = await Promise.all(
    slots.slice(0, 3).map((slot) =>
      listenBounded({ path: carrierSocket(runtime, 1, slot) }, () => {
        asked.push(slot);
        return json(200, { asked: slot });
      }),
    ),
  );
  t.after(async () => {
    await Promise.all(answering.map((each) => each.close()));
    rmSync(runtime, { recursive: true });
  });
  // The last hangs: it has not spoken lately, and nobody answers for it; the one before rests.
  const words: readonly (Word | null | undefined)[] = [
    { said: { told: 0 }, ageMs: 1_200 },
    null,
    undefined,
    { said: { told: 3 }, ageMs: 5_400, withinMs: 4_000 },
    { said: { told: 4 }, ageMs: 5_600, withinMs: 4_000 },
  ];
  const supervisor = { slots: slots.map((slot) => ({ generation: 1, slot, word: words[slot] })) } as unknown as SupervisorView;
  assert.deepEqual(await wordsOf(supervisor, runtime, systemClock), [{ told: 0 }, { asked: 1 }, { asked: 2 }, { told: 3 }, null]);
  assert.deepEqual(asked.toSorted(), [1, 2]);
});

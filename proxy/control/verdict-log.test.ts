import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LATCH_NAMES, type LatchName } from './latches.ts';
import type { Verdict } from './verdict.ts';
import { createAnnounce } from './verdict-log.ts';

function verdict(tripped: readonly LatchName[], concerns: readonly string[] = [], why = 'because'): Verdict {
  const latches = LATCH_NAMES.map((latch) => ({ latch, isTripped: tripped.includes(latch), sinceMs: 0, why: '' }));
  return { ready: tripped.length === 0, reasons: tripped.map(() => why), concerns, latches, fullUpstreams: [], answerS: null, atMs: 0 };
}

test('a line is written for each change, and for nothing else', () => {
  const lines: string[] = [];
  const write = (level: string) => (fields: object) => void lines.push(`${level} ${JSON.stringify(fields)}`);
  const announce = createAnnounce({ info: write('info'), warn: write('warn') });
  const said = (...args: Parameters<typeof verdict>): string | undefined => {
    announce(verdict(...args));
    return lines.shift();
  };
  assert.equal(said([]), undefined);
  assert.equal(said(['memory'], [], '4.9 % left'), 'warn {"event":"readiness","ready":false,"reasons":["4.9 % left"],"concerns":[]}');
  assert.equal(said(['memory'], [], '4.7 % left'), undefined);
  assert.match(said(['memory', 'probe']) ?? '', /^warn .*"ready":false/);
  assert.match(said([], ['our certificate expires in 13 days']) ?? '', /^warn .*"ready":true.*13 days/);
  assert.equal(said([], ['our certificate expires in 12 days']), undefined);
  assert.match(said([], ['no DNS server answers']) ?? '', /^warn .*DNS/);
  assert.equal(said([]), 'info {"event":"readiness","ready":true,"reasons":[],"concerns":[]}');
  assert.equal(said([]), undefined);
});

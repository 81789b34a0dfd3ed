// The outcome of a drive as a table for people, row by row as it goes, or as one JSON object.

import type { Outcome } from './case.ts';

const WIDTHS = { door: 11, what: 59, expected: 24, seen: 24, ms: 6 } as const;

export function renderHeader(): string {
  return `${row('door', 'what', 'expected', 'seen', 'ms')}  ok\n${'-'.repeat(WIDTHS.door + WIDTHS.what + WIDTHS.expected + WIDTHS.seen + WIDTHS.ms + 8)}`;
}

export function renderOutcome({ door, what, expected, seen, ms, ok, detail }: Outcome): string {
  const line = `${row(door, what, expected, seen, String(ms))}  ${ok ? 'yes' : 'NO'}`;
  return detail ? `${line}\n    ${detail.replaceAll('\n', '\n    ')}` : line;
}

export function renderTotal(outcomes: readonly Outcome[], seconds: number): string {
  const wrong = outcomes.filter((outcome) => !outcome.ok).length;
  const verdict = wrong === 0 ? `all ${outcomes.length} as expected` : `${wrong} of ${outcomes.length} NOT as expected`;
  return `${verdict}, in ${seconds.toFixed(1)} s`;
}

export function renderJson(outcomes: readonly Outcome[], seconds: number): string {
  return JSON.stringify({ ok: outcomes.every((outcome) => outcome.ok), seconds: Number(seconds.toFixed(1)), cases: outcomes });
}

function row(door: string, what: string, expected: string, seen: string, ms: string): string {
  return [
    door.padEnd(WIDTHS.door),
    what.padEnd(WIDTHS.what),
    expected.padEnd(WIDTHS.expected),
    seen.padEnd(WIDTHS.seen),
    ms.padStart(WIDTHS.ms),
  ].join(' ');
}

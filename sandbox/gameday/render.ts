// A game day as lines for people.

import type { Entry, GameDay } from './day.ts';
import type { DayResult } from './run.ts';

const KINDS: Readonly<Record<Entry['kind'], string>> = { did: 'did   ', saw: 'saw   ', missed: 'MISSED' };

export function renderEntry({ t, kind, words }: { t: number; kind: Entry['kind']; words: string }): string {
  return `  T+${t.toFixed(1).padStart(6)} s  ${KINDS[kind]}  ${words}`;
}

export function renderResult(result: DayResult): string {
  const { day, verdict, why, seconds, speed, checks, busy } = result;
  const lines = checks.map(({ objective, ok, seen }) => `  ${ok ? 'held  ' : 'MISSED'}  ${objective}\n          ${seen}`);
  const clock = speed === 1 ? '' : `, Route 53's clock ${speed} times as fast as ours`;
  const words = verdict === 'held' ? 'held' : verdict === 'missed' ? 'MISSED' : 'CANNOT BE PLAYED HERE';
  if (busy !== null) lines.push(`  This machine was busy: ${busy}.`);
  return [...lines, `${day}: ${words}${why === null ? '' : `: ${why}`} (${seconds.toFixed(0)} s${clock})`].join('\n');
}

export function renderList(days: readonly GameDay[]): string {
  const width = Math.max(...days.map(({ name }) => name.length));
  return days.map(({ name, does }) => `${name.padEnd(width)}  ${does}`).join('\n');
}

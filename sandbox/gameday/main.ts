// `./pinhole gameday`: failures on purpose. The only file of the game days that prints, reads the environment and catches signals.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProxyFailed } from '../world/proxy.ts';
import { GAME_DAYS } from './all-days.ts';
import type { GameDay } from './day.ts';
import { type GameDayOptions, parseGameDayOptions, USAGE } from './options.ts';
import { renderEntry, renderList, renderResult } from './render.ts';
import { type DayResult, runDay } from './run.ts';

const EXIT = { held: 0, missed: 1, usage: 64, cannot: 69 } as const;

/** npm and a shell may deliver one Ctrl-C twice; a second one that comes later is meant. */
const SECOND_SIGNAL_AFTER_MS = 1_000;

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseGameDayOptions(args, GAME_DAYS);
  switch (parsed.kind) {
    case 'help':
      console.log(USAGE);
      return EXIT.held;
    case 'problem':
      console.error(`pinhole gameday: ${parsed.problem}`);
      return EXIT.usage;
    case 'list':
      console.log(parsed.isJson ? JSON.stringify(GAME_DAYS.map(({ name, does }) => ({ name, does }))) : renderList(GAME_DAYS));
      return EXIT.held;
    case 'options':
      return await play(parsed.options);
    default:
      return parsed satisfies never;
  }
}

async function play({ days, isJson, speed, atOnce }: GameDayOptions): Promise<number> {
  const stop = new AbortController();
  catchSignals(stop);
  const results: DayResult[] = [];
  if (atOnce > 1)
    for (const day of days)
      if (day.isTimed && !stop.signal.aborted) results.push(await playOne(day, { isJson, speed, isAlone: true }, stop.signal));
  const waiting = days.filter(({ isTimed }) => atOnce === 1 || !isTimed);
  const turn = async (): Promise<void> => {
    for (let day = waiting.shift(); day !== undefined && !stop.signal.aborted; day = waiting.shift()) {
      results.push(await playOne(day, { isJson, speed, isAlone: atOnce === 1 }, stop.signal));
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, days.length) }, turn));
  // Beside others, on a busy machine: what a day missed then may be its neighbours' matter.
  for (const day of atOnce === 1 ? [] : days) {
    const index = results.findIndex((result) => result.day === day.name && result.verdict === 'missed' && result.busy !== null);
    if (index < 0 || stop.signal.aborted) continue;
    if (!isJson) console.log(`\n${day.name} is played again, by itself: what it missed may be this machine's matter`);
    results[index] = await playOne(day, { isJson, speed, isAlone: true }, stop.signal);
  }
  if (!isJson && results.length > 1)
    console.log(`\n${results.map(({ day, verdict, seconds }) => `${verdict.padEnd(6)}  ${day} (${seconds.toFixed(0)} s)`).join('\n')}`);
  if (stop.signal.aborted || results.some(({ verdict }) => verdict === 'missed')) return EXIT.missed;
  return results.some(({ verdict }) => verdict === 'cannot') ? EXIT.cannot : EXIT.held;
}

interface How {
  readonly isJson: boolean;
  readonly speed: number | null;
  /** What several days see at once would be mixed up: then each is told when it is over. */
  readonly isAlone: boolean;
}

async function playOne(day: GameDay, { isJson, speed, isAlone }: How, stop: AbortSignal): Promise<DayResult> {
  const dir = await mkdtemp(join(tmpdir(), `pinhole-${day.name}-`));
  const lines: string[] = [];
  const tell = (line: string): void => {
    if (isJson) return;
    if (isAlone) console.log(line);
    else lines.push(line);
  };
  tell(`\n${day.name}: ${day.does}`);
  const result = await runDay(day, { dir, speed, env: process.env, stop, tell: (entry) => tell(renderEntry(entry)) }).catch(
    (error: unknown) => failed(day, error),
  );
  tell(renderResult(result));
  if (result.verdict === 'missed') tell(`Logs and configuration are in ${dir}`);
  else await rm(dir, { recursive: true, force: true });
  if (isJson) console.log(JSON.stringify(result));
  else if (!isAlone) console.log(lines.join('\n'));
  return result;
}

/** The world did not come up, or a step of the day could not be done: the objective is not held. */
function failed({ name, world }: GameDay, error: unknown): DayResult {
  const isProxy = error instanceof ProxyFailed;
  const why = isProxy ? `${error.message}: ${error.lastLines.join(' | ')}` : String(error);
  // A node that ended by itself, or a step that was refused, is no matter of the machine.
  const busy = isProxy && (error.code === null || error.isPortTaken) ? 'a node was not up in time' : null;
  return { day: name, verdict: 'missed', why, speed: world.speed, ...{ seconds: 0, checks: [], longestPauseMs: 0, busy, timeline: [] } };
}

function catchSignals(stop: AbortController): void {
  let firstAtMs: number | null = null;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      if (firstAtMs !== null && performance.now() - firstAtMs > SECOND_SIGNAL_AFTER_MS) process.exit(EXIT.missed);
      firstAtMs ??= performance.now();
      stop.abort();
    });
}

process.exitCode = await main(process.argv.slice(2));

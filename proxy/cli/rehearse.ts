// `rehearse`: recorded decisions before another policy. Reads logs as streams; opens no socket and changes nothing.

import type { Readable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { textOf } from './arguments.ts';
import { REHEARSE } from './commands/node-commands.ts';
import { readCommand } from './commands/read-command.ts';
import { type CliIo, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './io.ts';
import { readConfig } from './read-config.ts';
import { createJudge } from './rehearsal/judge-recorded.ts';
import { eachLine } from './rehearsal/lines.ts';
import { Tally } from './rehearsal/outcome.ts';
import { readLine } from './rehearsal/recorded.ts';
import { renderOutcome } from './rehearsal/render-outcome.ts';

const PROGRESS_MS = 1_000;
/** Lines between two looks at the clock. */
const PROGRESS_LINES = 5_000;

export interface Log {
  readonly stream: Readable;
  /** Null where that cannot be known. */
  readonly bytes: number | null;
  /** So far, as they are in the file. */
  readonly read: () => number;
}

export interface RehearseIo extends CliIo {
  readonly clock: Clock;
  /** `-` is standard input. Rejects where it cannot be opened. */
  readonly openLog: (path: string) => Promise<Log>;
  /** Somebody watches standard error. */
  readonly isWatched: boolean;
}

export async function runRehearse(args: readonly string[], io: RehearseIo): Promise<number> {
  const read = readCommand(REHEARSE, args, io);
  if (typeof read === 'number') return read;
  const file = textOf(read.values, 'config');
  if (file === undefined) return complain('-c NEW.yaml is missing', io);
  if (read.words.length === 0) return complain('give a LOG, or - for standard input', io);
  const logs = await openAll(read.words, io);
  if (typeof logs === 'number') return logs;
  const config = readConfig(file, io);
  if (!config.ok) return EXIT_USAGE;

  const judge = createJudge(config.settings);
  const tally = new Tally();
  const progress = new Progress(io, logs);
  const incomplete: string[] = [];
  for (const [path, log] of logs) {
    try {
      await eachLine(log.stream, (line) => {
        const recorded = readLine(line);
        if (typeof recorded === 'string') tally.line(recorded);
        else tally.decision(recorded, judge(recorded));
        progress.show(tally.lines);
      });
    } catch (error) {
      incomplete.push(path);
      progress.end();
      io.stderr(`pinhole rehearse: ${path}: cannot be read to its end (${(error as Error).message}); what came before counts\n`);
    }
  }
  progress.end();
  const outcome = tally.outcome();
  const { policyVersion } = config.settings;
  if (read.values['json'] === true) io.stdout(`${JSON.stringify({ policyVersion, ...outcome, incomplete })}\n`);
  else io.stdout(renderOutcome(outcome, policyVersion, logs.size));
  const isAlike = Object.values(outcome.differing).every((count) => count === 0);
  return isAlike && incomplete.length === 0 ? EXIT_OK : EXIT_FAILED;
}

/** All of them before the first is read: a name that is mistyped is said at once. */
async function openAll(paths: readonly string[], io: RehearseIo): Promise<ReadonlyMap<string, Log> | number> {
  const logs = new Map<string, Log>();
  for (const path of new Set(paths)) {
    try {
      logs.set(path, await io.openLog(path));
    } catch (error) {
      return complain(`${path}: cannot be opened (${(error as Error).message})`, io);
    }
  }
  return logs;
}

/** One line of a terminal that counts; nothing where nobody watches. */
class Progress {
  readonly #io: RehearseIo;
  readonly #logs: readonly Log[];
  readonly #bytes: number | null;
  #saidMs: number;
  #isShown = false;

  constructor(io: RehearseIo, logs: ReadonlyMap<string, Log>) {
    this.#io = io;
    this.#logs = [...logs.values()];
    this.#bytes = this.#logs.reduce<number | null>((sum, { bytes }) => (sum === null || bytes === null ? null : sum + bytes), 0);
    this.#saidMs = io.clock.nowMs();
  }

  show(lines: number): void {
    const { isWatched, clock, stderr } = this.#io;
    if (!isWatched || lines % PROGRESS_LINES !== 0 || clock.nowMs() - this.#saidMs < PROGRESS_MS) return;
    this.#saidMs = clock.nowMs();
    this.#isShown = true;
    const read = this.#logs.reduce((sum, log) => sum + log.read(), 0);
    const share = this.#bytes === null || this.#bytes === 0 ? '' : `, ${Math.floor((read / this.#bytes) * 100)} %`;
    stderr(`\r\u001B[K${lines} lines${share}`);
  }

  end(): void {
    if (this.#isShown) this.#io.stderr('\r\u001B[K');
    this.#isShown = false;
  }
}

function complain(line: string, io: RehearseIo): number {
  io.stderr(`pinhole rehearse: ${line}\n`);
  return EXIT_USAGE;
}

// The supervisor's own log lines: one JSON object per line to stdout or to the log file, written without ever waiting for the reader. A
// supervisor that blocked on a full pipe would neither start nor watch anybody.

import { closeSync, openSync, write } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import type { Settings } from '../core/settings.ts';
import { openStandardOutput } from './standard-output.ts';

/** Lines that may wait for a slow reader; the supervisor writes a handful in a day. */
const WAITING_MAX = 1_000;
const RETRY_MS = 50;
/** core/limits.ts LOG_LINE_BYTES_MAX: what a pipe takes in one piece. */
const LINE_BYTES_MAX = 4_096;
const TEXT_MAX = 300;

const LEVELS = { debug: 0, info: 1, warn: 2, error: 3 } as const;
export type Level = keyof typeof LEVELS;
export type Fields = Readonly<Record<string, unknown>>;

export interface LineLog {
  write(level: Level, event: string, fields?: Fields): void;
  /** Opens what these need; nothing is different before `take`, and nothing was with `drop`. Throws where the file cannot be opened. */
  prepare(log: Settings['log'], node: string): PreparedLineLog;
  /** Goes on in a new file of the same name, after somebody has moved the old one away. */
  reopen(): void;
  /** Resolves when everything is written, or the time is over. */
  flush(timeoutMs: number): Promise<void>;
}

export interface PreparedLineLog {
  /** The next line is written so. */
  take(): void;
  drop(): void;
}

interface LineLogOptions {
  readonly log: Settings['log'];
  readonly node: string;
  readonly version: string;
  readonly clock: Clock;
}

/** Throws where the log file cannot be opened. */
export function openLineLog(options: LineLogOptions): LineLog {
  return new FileLineLog(options);
}

interface Change {
  open(): number;
  /** Another one takes its place before it was opened. */
  drop(): void;
}

class FileLineLog implements LineLog {
  #options: LineLogOptions;
  /** Where the next line goes. */
  #fd: number;
  /** Opened once: lines may go there again. */
  #stdout: number | null = null;
  readonly #waiting: Buffer[] = [];
  /** A write, or the wait for another try, is under way. */
  #busy = false;
  /** What takes the place of the descriptor in use, between two writes: one that is being written to must not be closed. */
  #change: Change | null = null;
  #dropped = 0;
  readonly #flushed: (() => void)[] = [];

  constructor(options: LineLogOptions) {
    this.#options = options;
    this.#fd = this.#open(options.log.file);
  }

  write(level: Level, event: string, fields: Fields = {}): void {
    const { log, node, version, clock } = this.#options;
    if (LEVELS[level] < LEVELS[log.level]) return;
    if (this.#waiting.length >= WAITING_MAX) {
      this.#dropped += 1;
      return;
    }
    const time = new Date(clock.wallMs()).toISOString();
    const dropped = this.#dropped > 0 ? { lines_dropped: this.#dropped } : {};
    this.#dropped = 0;
    this.#waiting.push(renderLine({ time, level, event, node, version, ...fields, ...dropped }));
    this.#pump();
  }

  prepare(log: Settings['log'], node: string): PreparedLineLog {
    const isSame = log.file === this.#options.log.file;
    const fd = isSame ? this.#fd : this.#open(log.file);
    const drop = (): void => {
      if (!isSame) this.#close(fd);
    };
    return {
      take: () => {
        this.#options = { ...this.#options, log, node };
        if (!isSame) this.#goOnIn({ open: () => fd, drop });
      },
      drop,
    };
  }

  reopen(): void {
    const { file } = this.#options.log;
    if (file !== null && !this.#change) this.#goOnIn({ open: () => this.#open(file), drop: () => {} });
  }

  #goOnIn(change: Change): void {
    this.#change?.drop();
    this.#change = change;
    if (!this.#busy) this.#changeNow();
  }

  /** Throws where the file cannot be opened. */
  #open(file: string | null): number {
    return file === null ? (this.#stdout ??= openStandardOutput()) : openSync(file, 'a', 0o640);
  }

  #close(fd: number): void {
    if (fd !== this.#stdout) closeSync(fd);
  }

  flush(timeoutMs: number): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    return new Promise((resolve) => {
      this.#options.clock.after(timeoutMs, resolve);
      this.#flushed.push(resolve);
    });
  }

  #pump(): void {
    const [line] = this.#waiting;
    if (this.#busy || !line) return;
    this.#busy = true;
    write(this.#fd, line, (error, written) => {
      if (error?.code === 'EAGAIN') {
        this.#options.clock.after(RETRY_MS, () => this.#next());
        return;
      }
      // A reader that is gone is no reason to stop a node.
      const rest = error ? undefined : line.subarray(written);
      if (rest?.length) this.#waiting[0] = rest;
      else this.#waiting.shift();
      this.#next();
    });
  }

  #next(): void {
    this.#busy = false;
    this.#changeNow();
    if (this.#waiting.length > 0) this.#pump();
    else for (const done of this.#flushed.splice(0)) done();
  }

  #changeNow(): void {
    const change = this.#change;
    if (!change) return;
    this.#change = null;
    try {
      const fd = change.open();
      this.#close(this.#fd);
      this.#fd = fd;
    } catch (error) {
      this.write('error', 'log-reopen-failed', { file: this.#options.log.file, error: (error as Error).message });
    }
  }
}

/** A line is one write of at most a pipe's atomic size; what does not fit loses the ends of its texts. */
function renderLine(entry: Fields): Buffer {
  const line = Buffer.from(`${JSON.stringify(entry)}\n`);
  if (line.length <= LINE_BYTES_MAX) return line;
  const shortened = (_key: string, value: unknown): unknown => (typeof value === 'string' ? value.slice(0, TEXT_MAX) : value);
  return Buffer.from(`${JSON.stringify(entry, shortened)}\n`);
}

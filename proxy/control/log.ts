// Lines out. The only user of the log library: asynchronous, so a reader that stalls never stalls the data path; bounded, so it never
// eats the memory either; what is dropped is counted.

import pino from 'pino';
import type { Cancel, Clock } from '../core/clock.ts';
import { LOG_LINE_BYTES_MAX } from '../core/limits.ts';

/** Lines wait at most this long for company, then they are written together. */
const FLUSH_MS = 100;
/** What may wait for a slow reader: about 10,000 lines. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;
/** What waits for a file that is not in use any more is written within this, or lost. */
const CHANGE_MS = 1_000;
/** UTF-8 bytes of one UTF-16 unit. */
const BYTES_PER_UNIT_MAX = 3;
/** What is left of a text in a line that is too long. */
const TEXT_MAX = 300;

export interface Log {
  readonly info: (fields: object, message?: string) => void;
  readonly warn: (fields: object, message?: string) => void;
  readonly error: (fields: object, message?: string) => void;
  readonly debug: (fields: object, message?: string) => void;
  /** One line at level info whose own fields are JSON already: `"event":"decision",...` without the braces. */
  record(fields: string): void;
  /** Lines lost since the start. */
  dropped(): number;
  /**
   * Opens what these options need; nothing is different before `take`, and nothing was with `drop`. Rejects where the file cannot be opened.
   */
  prepare(options: LogOptions): Promise<PreparedLog>;
  /** Opens the file again, after it has been moved away. */
  reopen(): void;
  /** Writes what waits, at most for `timeoutMs`, and stops. */
  close(timeoutMs: number): Promise<void>;
}

export interface LogOptions {
  readonly level: string;
  /** Null for standard output. */
  readonly file: string | null;
  /** In every line. */
  readonly base: Readonly<Record<string, unknown>>;
}

export interface PreparedLog {
  /** The next line is written so. */
  take(): void;
  drop(): void;
}

/** Lines go to the file, or where there is none to the descriptor `stdout`. */
export function createLog(options: LogOptions & { readonly stdout?: number; readonly clock: Clock }): Log {
  return new PinoLog(options, options.stdout ?? 1, options.clock);
}

class PinoLog implements Log {
  readonly #clock: Clock;
  readonly #stdout: number;
  /** Standard output while lines go to a file: its descriptor would be closed with it, and what has the number next is no log. */
  #kept: Output | null = null;
  #file: string | null;
  #output: Output;
  #voice: Voice;
  /** Of files that are not in use any more. */
  #droppedBefore = 0;
  /** The last of them is written to its end, and so are those before. */
  #left: Promise<unknown> = Promise.resolve();

  constructor(options: LogOptions, stdout: number, clock: Clock) {
    this.#clock = clock;
    this.#stdout = stdout;
    this.#file = options.file;
    this.#output = new Output(options.file ?? stdout, clock);
    this.#voice = this.#voiceOf(options);
  }

  // Fields, since they are handed on by name.
  readonly info = (fields: object, message?: string): void => this.#voice.logger.info(fields, message);
  readonly warn = (fields: object, message?: string): void => this.#voice.logger.warn(fields, message);
  readonly error = (fields: object, message?: string): void => this.#voice.logger.error(fields, message);
  readonly debug = (fields: object, message?: string): void => this.#voice.logger.debug(fields, message);

  record(fields: string): void {
    const { hasRecords, prefix } = this.#voice;
    if (hasRecords) this.#output.write(`{"time":"${isoTime(this.#clock.wallMs())}","level":"info",${prefix}${fields}}\n`);
  }

  dropped(): number {
    return this.#droppedBefore + (this.#kept?.dropped ?? 0) + this.#output.dropped;
  }

  async prepare(options: LogOptions): Promise<PreparedLog> {
    const { file } = options;
    const fresh = file === null || file === this.#file ? null : new Output(file, this.#clock);
    await fresh?.opened;
    return {
      take: () => {
        this.#voice = this.#voiceOf(options);
        if (file !== this.#file) this.#goOnIn(file, fresh);
      },
      drop: () => fresh?.discard(),
    };
  }

  #goOnIn(file: string | null, fresh: Output | null): void {
    const before = this.#output;
    const wasStdout = this.#file === null;
    this.#output = fresh ?? this.#kept ?? new Output(this.#stdout, this.#clock);
    this.#kept = wasStdout ? before : null;
    this.#file = file;
    if (wasStdout) return before.flush();
    const end = before.end(CHANGE_MS).then(() => (this.#droppedBefore += before.dropped));
    this.#left = Promise.all([this.#left, end]);
  }

  reopen(): void {
    if (this.#file !== null) this.#output.reopen();
  }

  async close(timeoutMs: number): Promise<void> {
    await Promise.all([this.#output.end(timeoutMs), this.#kept?.end(timeoutMs), this.#left]);
  }

  #voiceOf({ level, base }: LogOptions): Voice {
    const clock = this.#clock;
    const logger = pino(
      {
        level,
        base: { ...base },
        timestamp: () => `,"time":"${isoTime(clock.wallMs())}"`,
        formatters: { level: (label) => ({ level: label }) },
      },
      { write: (line: string) => this.#output.write(line) },
    );
    const fields = JSON.stringify(base).slice(1, -1);
    return { logger, prefix: fields === '' ? '' : `${fields},`, hasRecords: logger.isLevelEnabled('info') };
  }
}

/** How lines are made. */
interface Voice {
  readonly logger: pino.Logger;
  /** The fields of every line, for records. */
  readonly prefix: string;
  readonly hasRecords: boolean;
}

/** Where lines go: a file, or a descriptor. */
class Output {
  dropped = 0;
  /** The file is open. */
  readonly opened: Promise<void>;
  readonly #destination: ReturnType<typeof pino.destination>;
  /** Bytes that the system has not taken yet. */
  #waiting = 0;
  readonly #clock: Clock;
  /** Null while nothing waits: a process that has nothing to say is not woken by its log. */
  #cancelFlush: Cancel | null = null;
  #isOver = false;

  constructor(to: string | number, clock: Clock) {
    this.#clock = clock;
    this.#destination = pino.destination({
      ...(typeof to === 'number' ? { dest: to } : { dest: to, append: true, mkdir: false }),
      sync: false,
      minLength: LOG_LINE_BYTES_MAX - 1,
      // Several processes write to one pipe: the kernel keeps pieces up to PIPE_BUF whole, and a piece is always whole lines.
      maxWrite: LOG_LINE_BYTES_MAX,
      maxLength: WAITING_BYTES_MAX,
    });
    this.#destination.on('write', (bytes: number) => {
      this.#waiting -= bytes;
    });
    this.#destination.on('drop', (line: string) => {
      this.dropped += 1;
      this.#waiting -= Buffer.byteLength(line);
    });
    // EPIPE: nobody reads any more, and the library writes nothing from here on. After any other failure (ENOSPC) it tries the same lines again.
    this.#destination.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') this.#isOver = true;
    });
    this.opened = new Promise((resolve, reject) => {
      this.#destination.once('ready', resolve);
      this.#destination.once('error', reject);
    });
    // Else the library would flush it when the process exits, and throw there for a file that it never had open.
    this.opened.catch(() => this.#destination.emit('close'));
  }

  write(line: string): void {
    if (this.#isOver) {
      this.dropped += 1;
      return;
    }
    const whole = fitted(line);
    this.#waiting += Buffer.byteLength(whole);
    this.#destination.write(whole);
    this.#flushSoon();
  }

  /** Again and again as long as something waits: what could not be written (ENOSPC) is tried again. */
  #flushSoon(): void {
    this.#cancelFlush ??= this.#clock.after(FLUSH_MS, () => {
      this.#cancelFlush = null;
      this.flush();
      if (this.#hasMore) this.#flushSoon();
    });
  }

  flush(): void {
    // With nothing to write the library would have a thread write nothing.
    if (this.#hasMore) this.#destination.flush();
  }

  get #hasMore(): boolean {
    return !this.#isOver && this.#waiting > 0;
  }

  reopen(): void {
    if (!this.#isOver) this.#destination.reopen();
  }

  /** Nothing was written to it. */
  discard(): void {
    this.#isOver = true;
    this.#cancelFlush?.();
    this.#destination.destroy();
  }

  /** Writes what waits, at most for so long, and stops. */
  end(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        giveUp();
        // Else the library would write what is left when the process exits, and wait for a reader that may never come.
        this.discard();
        resolve();
      };
      const giveUp = this.#clock.after(timeoutMs, finish);
      // One flush may leave less than `minLength` behind, which is one more write.
      this.#destination.flush(() => this.#destination.flush(finish));
    });
  }
}

/** A line as it is, or with the ends of its texts cut off where it would not go into a pipe in one piece. */
function fitted(line: string): string {
  if (line.length * BYTES_PER_UNIT_MAX <= LOG_LINE_BYTES_MAX || Buffer.byteLength(line) <= LOG_LINE_BYTES_MAX) return line;
  const shortened = (_key: string, value: unknown): unknown => (typeof value === 'string' ? value.slice(0, TEXT_MAX) : value);
  return `${JSON.stringify(JSON.parse(line), shortened)}\n`;
}

let renderedMs = -1;
let rendered = '';

/** RFC 3339 in UTC with milliseconds; many lines share one. */
function isoTime(wallMs: number): string {
  const ms = Math.floor(wallMs);
  if (ms !== renderedMs) {
    renderedMs = ms;
    rendered = new Date(ms).toISOString();
  }
  return rendered;
}

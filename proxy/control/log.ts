// Lines out. The only user of the log library: asynchronous, so a reader that stalls never stalls the data path; bounded, so it never
// eats the memory either; what is dropped is counted.

import pino from 'pino';
import type { Cancel, Clock } from '../core/clock.ts';
import { LOG_LINE_BYTES_MAX } from '../core/limits.ts';

/** Lines wait at most this long for company, then they are written together. */
const FLUSH_MS = 100;
/** What may wait for a slow reader: about 10,000 lines. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;
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
  /** Opens the file again, after it has been moved away. */
  reopen(): void;
  /** Writes what waits, at most for `timeoutMs`, and stops. */
  close(timeoutMs: number): Promise<void>;
}

/** `base` is in every line. Lines go to the file, or where there is none to the descriptor `stdout`. */
export function createLog(options: {
  level: string;
  file: string | null;
  stdout?: number;
  base: Record<string, unknown>;
  clock: Clock;
}): Log {
  const destination = pino.destination({
    ...(options.file === null ? { dest: options.stdout ?? 1 } : { dest: options.file, append: true, mkdir: false }),
    sync: false,
    minLength: LOG_LINE_BYTES_MAX - 1,
    // Several processes write to one pipe: the kernel keeps pieces up to PIPE_BUF whole, and a piece is always whole lines.
    maxWrite: LOG_LINE_BYTES_MAX,
    maxLength: WAITING_BYTES_MAX,
  });
  let dropped = 0;
  let isOver = false;
  destination.on('drop', () => {
    dropped += 1;
  });
  // EPIPE: nobody reads any more, and the library writes nothing from here on. After any other failure (ENOSPC) it tries the same lines again.
  destination.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') isOver = true;
  });
  const lines = {
    write(line: string): void {
      if (isOver) dropped += 1;
      else destination.write(fitted(line));
    },
  };
  const logger = pino(
    {
      level: options.level,
      base: options.base,
      timestamp: () => `,"time":"${isoTime(options.clock.wallMs())}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    lines,
  );
  const cancel: Cancel = options.clock.every(FLUSH_MS, () => destination.flush());

  const base = JSON.stringify(options.base).slice(1, -1);
  const prefix = base === '' ? '' : `${base},`;
  const hasRecords = logger.isLevelEnabled('info');

  const write = (level: 'info' | 'warn' | 'error' | 'debug') => (fields: object, message?: string) => logger[level](fields, message);
  return {
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    debug: write('debug'),
    record: (fields) => {
      if (hasRecords) lines.write(`{"time":"${isoTime(options.clock.wallMs())}","level":"info",${prefix}${fields}}\n`);
    },
    dropped: () => dropped,
    reopen: () => {
      if (options.file !== null && !isOver) destination.reopen();
    },
    close: (timeoutMs) =>
      new Promise((resolve) => {
        cancel();
        const finish = (): void => {
          giveUp();
          isOver = true;
          // Else the library would write what is left when the process exits, and wait for a reader that may never come.
          destination.destroy();
          resolve();
        };
        const giveUp = options.clock.after(timeoutMs, finish);
        // One flush may leave less than `minLength` behind, which is one more write.
        destination.flush(() => destination.flush(finish));
      }),
  };
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

// Lines out. The only user of the log library: asynchronous, so a reader that stalls never stalls the data path; bounded, so it never
// eats the memory either; what is dropped is counted.

import pino from 'pino';
import type { Cancel, Clock } from '../core/clock.ts';
import { LOG_LINE_BYTES_MAX } from '../core/limits.ts';

/** Lines wait at most this long for company, then they are written together. */
const FLUSH_MS = 100;
/** What may wait for a slow reader: about 10,000 lines. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;

export interface Log {
  readonly info: (fields: object, message?: string) => void;
  readonly warn: (fields: object, message?: string) => void;
  readonly error: (fields: object, message?: string) => void;
  readonly debug: (fields: object, message?: string) => void;
  /** Lines lost since the start. */
  dropped(): number;
  /** Opens the file again, after it has been moved away. */
  reopen(): void;
  /** Writes what waits, at most for `timeoutMs`, and stops. */
  close(timeoutMs: number): Promise<void>;
}

/** `base` is in every line; `file` null is stdout. */
export function createLog(options: { level: string; file: string | null; base: Record<string, unknown>; clock: Clock }): Log {
  const destination = pino.destination({
    ...(options.file === null ? { dest: 1 } : { dest: options.file, append: true, mkdir: false }),
    sync: false,
    minLength: LOG_LINE_BYTES_MAX,
    // Several processes write to one pipe: the kernel keeps pieces up to PIPE_BUF whole, and a piece is always whole lines.
    maxWrite: LOG_LINE_BYTES_MAX,
    maxLength: WAITING_BYTES_MAX,
  });
  let dropped = 0;
  destination.on('drop', () => {
    dropped += 1;
  });
  // EPIPE, ENOSPC: nobody reads any more. The data path goes on; the line is lost, and counted.
  destination.on('error', () => {
    dropped += 1;
  });
  const logger = pino(
    {
      level: options.level,
      base: options.base,
      timestamp: () => `,"time":"${new Date(options.clock.wallMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const cancel: Cancel = options.clock.every(FLUSH_MS, () => destination.flush());

  const write = (level: 'info' | 'warn' | 'error' | 'debug') => (fields: object, message?: string) => logger[level](fields, message);
  return {
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    debug: write('debug'),
    dropped: () => dropped,
    reopen: () => {
      if (options.file !== null) destination.reopen();
    },
    close: (timeoutMs) =>
      new Promise((resolve) => {
        cancel();
        const giveUp = options.clock.after(timeoutMs, resolve);
        destination.flush(() => {
          giveUp();
          resolve();
        });
      }),
  };
}

// How a run is told to end: by a signal, or because nobody reads any more what it says.

import type { EventEmitter } from 'node:events';

/** npm and a shell may deliver one Ctrl-C twice; a second one that comes later is meant. */
const SECOND_SIGNAL_AFTER_MS = 1_000;
/** A terminal that closes says so more than once, and every later line to it fails: nobody insists on anything by that. */
const INSISTING = ['SIGINT', 'SIGTERM'] as const;

export interface Ears {
  /** This process. */
  readonly signals: Pick<EventEmitter, 'on'>;
  /** Where its words go. Without a listener a reader that left (`| head`) would end it without order. */
  readonly outputs: readonly Pick<EventEmitter, 'on'>[];
  readonly nowMs: () => number;
  /** End in order. */
  readonly stop: () => void;
  /** End at once. */
  readonly exit: () => void;
}

export function catchSignals({ signals, outputs, nowMs, stop, exit }: Ears): void {
  let firstAtMs: number | null = null;
  const heard = (): void => {
    firstAtMs ??= nowMs();
    stop();
  };
  for (const name of INSISTING)
    signals.on(name, () => {
      if (firstAtMs !== null && nowMs() - firstAtMs > SECOND_SIGNAL_AFTER_MS) exit();
      else heard();
    });
  signals.on('SIGHUP', heard);
  for (const output of outputs) output.on('error', heard);
}

// Tells systemd (sd_notify(3)) that the node serves, that it stops, and again and again that the supervisor lives. Node has no datagram sockets of
// Unix, and the supervisor loads no addon: each word is one short run of `systemd-notify`, which waits until systemd has read it.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Cancel, Clock } from '../core/clock.ts';
import type { ServiceManager } from '../core/supervision.ts';
import type { LineLog } from './line-log.ts';

/** Two of three beats may be lost. */
const BEATS_IN_TIME = 3;
/** systemd answers at once; a helper that hangs must not keep the next one from running. */
const HELPER_MS = 5_000;
/** Words that wait for the one before: what matters is the last ones. */
const WAITING_MAX = 8;

interface LinkOptions {
  readonly manager: ServiceManager;
  readonly clock: Clock;
  readonly log: LineLog;
  /** Starts the helper; may throw. */
  readonly launch?: (manager: ServiceManager, words: readonly string[]) => ChildProcess;
}

/** One word at a time, in order: READY must not come behind STOPPING. */
export class ServiceLink {
  readonly #options: LinkOptions;
  readonly #waiting: (readonly string[])[] = [];
  #isBusy = false;
  #hasFailed = false;
  #cancelBeats: Cancel = () => {};

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** From now on the supervisor is known to live. It says nothing of carriers: those it watches itself. */
  start(): void {
    const { clock, manager } = this.#options;
    if (manager.watchdogMs === null) return;
    this.#cancelBeats = clock.every(manager.watchdogMs / BEATS_IN_TIME, () => this.#say(['WATCHDOG=1']));
  }

  serves(): void {
    this.#say(['READY=1', 'STATUS=serves']);
  }

  stops(): void {
    this.#say(['STOPPING=1', 'STATUS=closes its tunnels']);
  }

  close(): void {
    this.#cancelBeats();
    this.#waiting.length = 0;
  }

  #say(words: readonly string[]): void {
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push(words);
    this.#pump();
  }

  #pump(): void {
    const words = this.#isBusy ? undefined : this.#waiting.shift();
    if (!words) return;
    const { launch = launchHelper, manager, clock } = this.#options;
    this.#isBusy = true;
    let cancel: Cancel = () => {};
    let isOver = false;
    const over = (why: string | null): void => {
      // A helper that was given up may still end.
      if (isOver) return;
      isOver = true;
      cancel();
      this.#isBusy = false;
      this.#judge(words, why);
      this.#pump();
    };
    try {
      const helper = launch(manager, words);
      cancel = clock.after(HELPER_MS, () => {
        helper.kill('SIGKILL');
        over(`systemd-notify took more than ${HELPER_MS / 1_000} s`);
      });
      helper.once('error', (error) => over(error.message));
      helper.once('exit', (code, signal) => over(code === 0 ? null : `systemd-notify ended with ${code ?? signal}`));
    } catch (error) {
      over((error as Error).message);
    }
  }

  /** Said once until it works again: without the helper there would be a line with each beat. */
  #judge(words: readonly string[], why: string | null): void {
    if (why !== null && !this.#hasFailed) this.#options.log.write('error', 'service-manager-not-told', { words: words.join(' '), why });
    this.#hasFailed = why !== null;
  }
}

function launchHelper({ socket }: ServiceManager, words: readonly string[]): ChildProcess {
  return spawn('/usr/bin/systemd-notify', words, { env: { NOTIFY_SOCKET: socket }, stdio: 'ignore' });
}

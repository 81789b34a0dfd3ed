// Notices that a configuration, or a file that it names, was written, replaced or taken away, whatever way was used: an editor, a rename, a
// link that points elsewhere now, another machine. It looks instead of being told, since what tells (inotify) watches names and not what they
// lead to, is not there on every file system, and has limits of its own.

import type { Cancel, Clock } from '../core/clock.ts';
import type { FileMark } from './file-mark.ts';

const LOOK_MS = 1_000;
/** Once something was seen. */
const AGAIN_MS = 500;
/** Files that are still being written are left alone until two looks see the same, but not for ever. */
const RESTLESS_MS = 5_000;

export interface FileWatchOptions {
  readonly clock: Clock;
  readonly mark: (path: string) => Promise<string>;
  changed(paths: readonly string[]): void;
}

export class FileWatch {
  readonly #options: FileWatchOptions;
  #known: ReadonlyMap<string, string> = new Map();
  #seen: ReadonlyMap<string, string> | null = null;
  #restlessSinceMs = 0;
  #isLooking = false;
  #isHeld = false;
  #isStopped = false;
  #cancel: Cancel = () => {};
  #cancelAgain: Cancel = () => {};

  constructor(options: FileWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#cancel = this.#options.clock.every(LOOK_MS, () => void this.#lookTwice());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
    this.#cancelAgain();
  }

  /** Between `hold` and `goOn` the files are being read: what is there now is about to be known. */
  hold(): void {
    this.#isHeld = true;
    this.#seen = null;
  }

  goOn(): void {
    this.#isHeld = false;
  }

  /** Watches these files from now on; their marks are those of the moment in which they were read. */
  watch(files: readonly FileMark[]): void {
    this.#known = new Map(files.map(({ path, mark }) => [path, mark]));
    this.#seen = null;
  }

  /** The marks that it goes by. */
  files(): FileMark[] {
    return [...this.#known].map(([path, mark]) => ({ path, mark }));
  }

  async #lookTwice(): Promise<void> {
    await this.look();
    this.#cancelAgain();
    if (this.#seen !== null && !this.#isStopped) this.#cancelAgain = this.#options.clock.after(AGAIN_MS, () => void this.look());
  }

  /** One after the other: a file on a machine that does not answer takes one thread, not all of them. */
  async look(): Promise<void> {
    if (this.#isLooking || this.#isHeld) return;
    this.#isLooking = true;
    const known = this.#known;
    const now = new Map<string, string>();
    for (const path of known.keys()) now.set(path, await this.#options.mark(path));
    this.#isLooking = false;
    if (known === this.#known && !this.#isHeld) this.#compare(known, now);
  }

  #compare(known: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): void {
    const { clock, changed } = this.#options;
    const paths = differences(known, now);
    const before = this.#seen;
    this.#seen = paths.length === 0 ? null : now;
    if (paths.length === 0) return;
    if (before === null) {
      this.#restlessSinceMs = clock.nowMs();
      return;
    }
    if (differences(before, now).length > 0 && clock.nowMs() - this.#restlessSinceMs < RESTLESS_MS) return;
    this.#known = now;
    this.#seen = null;
    changed(paths);
  }
}

function differences(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string[] {
  return [...now].filter(([path, mark]) => before.get(path) !== mark).map(([path]) => path);
}

// One rig at a time on a machine: two of them would measure each other. The kernel keeps who has it (flock(2)): it is free with the last
// process that held it, however that ended. What is written into the file is for the next one: what a rig left behind that was killed.

import { spawnSync } from 'node:child_process';
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readFileSync, readlinkSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, isAbsolute, normalize, resolve } from 'node:path';
import { pidsOfGroups } from './collector.ts';

/** Of the folder that a rig makes for itself, wherever its temporary files are; nothing else is ever removed because a lock names it. */
const FOLDER_NAME = 'pinhole-loadtest-';
export const FOLDER_PREFIX = resolve(tmpdir(), FOLDER_NAME);

export interface Holder {
  readonly pid: number;
  readonly folder: string | null;
  readonly groups: readonly number[];
}

export type Taken =
  | { readonly ok: true; readonly lock: Lock; readonly leftover: Holder | null }
  | { readonly ok: false; readonly why: string };

/** One for the machine, whatever TMPDIR says: two rigs with temporary folders of their own would measure each other all the same. */
export const LOCK_FILE = '/tmp/pinhole-loadtest.lock';

/** flock(1) ends with this where somebody else has it. */
const HELD = 75;
/** The file was another's when it was opened, and gone when that one was done: once more. */
const TRIES = 5;

/** Held until it is released, or this process ends or replaces itself. */
export class Lock {
  readonly #file: string;
  readonly #descriptor: number;

  constructor(file: string, descriptor: number) {
    this.#file = file;
    this.#descriptor = descriptor;
  }

  note(what: Pick<Holder, 'folder' | 'groups'>): void {
    const text = JSON.stringify({ pid: process.pid, ...what } satisfies Holder);
    ftruncateSync(this.#descriptor);
    writeSync(this.#descriptor, text, 0);
  }

  /** The file goes while it is still ours: whoever has opened it meanwhile finds that it is no more the one. */
  release(): void {
    rmSync(this.#file, { force: true });
    closeSync(this.#descriptor);
  }
}

export function takeLock(file = LOCK_FILE): Taken {
  try {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const descriptor = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
      const problem = notOurs(descriptor) ?? flock(descriptor) ?? (isStill(descriptor, file) ? null : 'gone');
      if (problem === null) return own(new Lock(file, descriptor), read(file));
      closeSync(descriptor);
      if (problem !== 'gone') return { ok: false, why: problem === 'held' ? busy(read(file)) : `${file}: ${problem}` };
    }
    return { ok: false, why: `${file}: others take it again and again` };
  } catch (error) {
    return {
      ok: false,
      why: `${file}: ${(error as Error).message}; where another user has it, or has left it behind, that user or root has to end that`,
    };
  }
}

/**
 * /tmp is everybody's: what lies there under this name may be anything. Whatever it says is believed (processes and a folder are ended by it),
 * and it is written over, so it has to be a file that this user alone has made.
 */
function notOurs(descriptor: number): string | null {
  const found = fstatSync(descriptor);
  if (found.isFile() && found.uid === process.geteuid?.() && found.nlink === 1) return null;
  return `it is no file of this user's (uid ${found.uid}): where no load test of theirs runs, remove it`;
}

/** Its own words are no leftover: this process has replaced itself by itself in between. */
function own(lock: Lock, before: Holder | null): Taken {
  lock.note({ folder: null, groups: [] });
  return { ok: true, lock, leftover: before?.pid === process.pid ? null : before };
}

/**
 * Node has no flock(2). The one that flock(1) takes on a descriptor it was given belongs to what that descriptor refers to, which is ours as
 * well, and stays when flock(1) ends.
 */
function flock(descriptor: number): string | null {
  const { error, status, stderr } = spawnSync('flock', ['--exclusive', '--nonblock', '--conflict-exit-code', String(HELD), '3'], {
    stdio: ['ignore', 'ignore', 'pipe', descriptor],
    encoding: 'utf8',
  });
  if (error !== undefined)
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no flock (util-linux) here' : error.message;
  if (status === 0) return null;
  return status === HELD ? 'held' : stderr.trim() || `flock ended with ${status}`;
}

function isStill(descriptor: number, file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  const held = fstatSync(descriptor);
  return found !== undefined && found.ino === held.ino && found.dev === held.dev;
}

/** Ends what is left of a rig: only groups of which a process still names the rig's folder. Gives how many there were. */
export function endLeftover({ folder, groups }: Holder): number {
  if (folder === null || !isRigs(folder)) return 0;
  const left = groups.filter((group) => group > 1 && pidsOfGroups([group]).some((pid) => namesFolder(pid, folder)));
  for (const group of left) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // ESRCH: it has ended in the meantime.
    }
  }
  rmSync(folder, { recursive: true, force: true });
  return left.length;
}

function isRigs(folder: string): boolean {
  return isAbsolute(folder) && folder === normalize(folder) && basename(folder).startsWith(FOLDER_NAME) && !folder.endsWith('/');
}

/** In its arguments, or by where its output goes: a process that a node has started says nothing of folders. */
function namesFolder(pid: number, folder: string): boolean {
  return commandLine(pid).includes(folder) || [1, 2].some((output) => linkOf(`/proc/${pid}/fd/${output}`).startsWith(`${folder}/`));
}

function busy(holder: Holder | null): string {
  const who = holder === null ? '' : ` (process ${holder.pid})`;
  return `another load test${who} runs on this machine, and two would measure each other; wait for it, or end it`;
}

/** Null where the file is new, or its writer was killed in the midst of it. */
function read(file: string): Holder | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isHolder(value) ? value : null;
  } catch {
    return null;
  }
}

function isHolder(value: unknown): value is Holder {
  const { pid, folder, groups } = (value ?? {}) as Partial<Record<keyof Holder, unknown>>;
  const isId = (id: unknown): boolean => Number.isSafeInteger(id) && (id as number) > 0;
  return isId(pid) && (folder === null || typeof folder === 'string') && Array.isArray(groups) && groups.every(isId);
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

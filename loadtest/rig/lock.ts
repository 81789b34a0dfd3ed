// One rig at a time on a machine: two of them would measure each other. A file says which process has it, and which programs it started, so
// that what a rig left behind that was killed outright is ended by the next one.

import { linkSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pidsOfGroups } from './collector.ts';

export interface Holder {
  readonly pid: number;
  /** When that process was started, in clock ticks since the machine was: a pid alone may be somebody else's by now. */
  readonly startedAt: string;
  readonly folder: string | null;
  readonly groups: readonly number[];
}

export type Taken = { readonly ok: true; readonly leftover: Holder | null } | { readonly ok: false; readonly why: string };

export const LOCK_FILE = join(tmpdir(), 'pinhole-loadtest.lock');

/** Taken anew by the same process it is ours again: it has replaced itself by itself in between. */
export function takeLock(file = LOCK_FILE, pid = process.pid): Taken {
  const own: Holder = { pid, startedAt: startOf(pid) ?? '', folder: null, groups: [] };
  try {
    if (appears(file, own)) return { ok: true, leftover: null };
    const holder = read(file);
    if (typeof holder === 'string') return { ok: false, why: holder };
    if (holder?.pid === pid) {
      replace(file, own);
      return { ok: true, leftover: null };
    }
    if (holder !== null && isAlive(holder)) return { ok: false, why: busy(holder) };
    return takeStale(file, own);
  } catch (error) {
    return {
      ok: false,
      why: `${file}: ${(error as Error).message}; where another user has left it behind, that user or root has to remove it`,
    };
  }
}

/**
 * Others may have seen the same stale file and be at it too. So it is moved away first, and looked at there: who finds that it was no stale one
 * puts it back.
 */
function takeStale(file: string, own: Holder): Taken {
  const aside = `${file}.${own.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return takeLock(file, own.pid);
    throw error;
  }
  const moved = read(aside);
  const leftover = typeof moved === 'string' ? null : moved;
  if (leftover !== null && isAlive(leftover)) {
    linkIfFree(aside, file);
    rmSync(aside);
    return { ok: false, why: busy(leftover) };
  }
  rmSync(aside);
  return appears(file, own) ? { ok: true, leftover } : takeLock(file, own.pid);
}

export function noteLock(what: Pick<Holder, 'folder' | 'groups'>, file = LOCK_FILE): void {
  replace(file, { pid: process.pid, startedAt: startOf(process.pid) ?? '', ...what });
}

export function releaseLock(file = LOCK_FILE): void {
  rmSync(file, { force: true });
}

/** Ends what is left of a rig: only groups of which a process still names the rig's folder. Gives how many there were. */
export function endLeftover({ folder, groups }: Holder): number {
  if (folder === null) return 0;
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

/** In its arguments, or by where its output goes: a process that a node has started says nothing of folders. */
function namesFolder(pid: number, folder: string): boolean {
  return commandLine(pid).includes(folder) || [1, 2].some((output) => linkOf(`/proc/${pid}/fd/${output}`).startsWith(`${folder}/`));
}

/** Whole from its first moment, unless there is one already: nobody reads half of it. */
function appears(file: string, holder: Holder): boolean {
  const draft = written(file, holder);
  try {
    return linkIfFree(draft, file);
  } finally {
    rmSync(draft);
  }
}

function replace(file: string, holder: Holder): void {
  renameSync(written(file, holder), file);
}

function written(file: string, holder: Holder): string {
  const draft = `${file}.${holder.pid}.new`;
  writeFileSync(draft, JSON.stringify(holder), { mode: 0o600 });
  return draft;
}

function linkIfFree(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive({ pid, startedAt }: Holder): boolean {
  return startOf(pid) === startedAt;
}

function busy({ pid }: Holder): string {
  return `another load test (process ${pid}) runs on this machine, and two would measure each other; wait for it, or end it`;
}

function read(file: string): Holder | null | string {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EACCES') return `another user’s load test has ${file}: ${message}`;
    return null;
  }
}

/** Null where there is no such process. The 22nd field of proc(5), counted behind the name. */
function startOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
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

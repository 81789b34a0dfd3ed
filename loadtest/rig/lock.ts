// One rig at a time on a machine: two of them would measure each other. A file says which process has it, and which programs it started, so
// that what a rig left behind that was killed outright is ended by the next one.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
    writeFileSync(file, JSON.stringify(own), { flag: 'wx', mode: 0o600 });
    return { ok: true, leftover: null };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') return { ok: false, why: `${file}: ${message}` };
  }
  const holder = read(file);
  if (typeof holder === 'string') return { ok: false, why: holder };
  if (holder !== null && holder.pid !== pid && startOf(holder.pid) === holder.startedAt)
    return {
      ok: false,
      why: `another load test (process ${holder.pid}) runs on this machine, and two would measure each other; wait for it, or end it`,
    };
  try {
    writeFileSync(file, JSON.stringify(own), { mode: 0o600 });
  } catch (error) {
    return { ok: false, why: `${file} was left behind by another user: ${(error as Error).message}` };
  }
  return { ok: true, leftover: holder?.pid === pid ? null : holder };
}

export function noteLock(what: Pick<Holder, 'folder' | 'groups'>, file = LOCK_FILE): void {
  writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) ?? '', ...what } satisfies Holder), {
    mode: 0o600,
  });
}

export function releaseLock(file = LOCK_FILE): void {
  rmSync(file, { force: true });
}

/** Ends what is left of a rig: only groups whose leader still names the rig's folder in its arguments. Gives how many there were. */
export function endLeftover({ folder, groups }: Holder): number {
  if (folder === null) return 0;
  const left = groups.filter((group) => commandLine(group).includes(folder));
  for (const group of left) process.kill(-group, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
  return left.length;
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

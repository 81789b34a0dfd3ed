// One world per folder: a small file says which sandbox holds it, and which proxy it started. A sandbox that was killed outright could
// not end its proxy; the next one in the same folder does.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

interface Holder {
  readonly sandbox: number;
  readonly proxy: number | null;
}

const FILE = 'world.json';
const LEFTOVER_STOP_MS = 5_000;

export type LockResult = { readonly ok: true; readonly leftover: number | null } | { readonly ok: false; readonly holder: number };

/** Takes the folder, ending a proxy that a killed sandbox left behind in it. */
export async function takeLock(dir: string): Promise<LockResult> {
  const holder = read(dir);
  if (holder && holder.sandbox !== process.pid && commandLine(holder.sandbox)?.includes('sandbox'))
    return { ok: false, holder: holder.sandbox };
  const leftover = holder?.proxy ?? null;
  const isOurs = leftover !== null && commandLine(leftover)?.includes(join(dir, 'pinhole.yaml')) === true;
  if (isOurs) await end(leftover);
  noteProxy(dir, null);
  return { ok: true, leftover: isOurs ? leftover : null };
}

export function noteProxy(dir: string, proxy: number | null): void {
  writeFileSync(join(dir, FILE), `${JSON.stringify({ sandbox: process.pid, proxy } satisfies Holder)}\n`, { mode: 0o600 });
}

export function releaseLock(dir: string): void {
  rmSync(join(dir, FILE), { force: true });
}

function read(dir: string): Holder | null {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(dir, FILE), 'utf8'));
    const holder = parsed as Partial<Holder> | null;
    return typeof holder?.sandbox === 'number' ? { sandbox: holder.sandbox, proxy: holder.proxy ?? null } : null;
  } catch {
    return null;
  }
}

/** Arguments of a process, or null where there is none: a number alone may long belong to somebody else. */
function commandLine(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return null;
  }
}

async function end(pid: number): Promise<void> {
  process.kill(pid, 'SIGTERM');
  for (let waited = 0; waited < LEFTOVER_STOP_MS && commandLine(pid); waited += 100) await delay(100);
  if (commandLine(pid)) process.kill(pid, 'SIGKILL');
}

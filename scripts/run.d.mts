// Types of what run.mjs lends to its test.

export interface Stamp {
  readonly lock: string;
  readonly set: string;
}

export interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
}

export interface Lock {
  readonly packages?: Readonly<Record<string, LockEntry>>;
}

export const NODE_WANTED: readonly [number, number];
export function planInstall(needed: 'run' | 'load' | 'all', lockHash: string, stamp: Stamp | null, complete: boolean): string[] | null;
export function isComplete(lock: Lock, installed: Lock, platform: { os: string; cpu: string; libc: string }): boolean;
export function isNewEnough(version: string): boolean;
export function chooseTests(files: readonly string[], args: readonly string[]): string[];

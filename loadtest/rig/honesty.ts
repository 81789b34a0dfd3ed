// What a reader has to know of the machine to believe the rest.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, type as system } from 'node:os';
import { join } from 'node:path';
import type { Machine } from '../plan.ts';
import type { Honesty } from '../run-record.ts';
import type { Scenario } from '../scenario.ts';
import { readPortRange, readSysctls } from './namespace.ts';
import { missingPeer, versionOfPeer } from './peers.ts';
import { availableMibOf, parseDescriptorLimit, parseMemory } from './proc.ts';

const PACKAGE = join(import.meta.dirname, '..', '..', 'package.json');

/** `portRange`: of the network that the run will be in. */
export function readMachine(isIsolated: boolean, portRange: readonly [number, number]): Machine {
  return {
    cores: availableParallelism(),
    availableMib: availableMibOf(readFileSync('/proc/meminfo', 'utf8'), process.availableMemory()),
    descriptors: descriptorLimit(),
    portRange,
    isIsolated,
  };
}

export interface Known extends Pick<Honesty, 'isIsolated' | 'isPrivileged' | 'shrunk' | 'loadBefore'> {
  /** What agents open behind a fleet of others; null where the nodes are this rig's. */
  readonly targetUrl: string | null;
}

export function readHonesty(scenario: Scenario, k6: string, known: Known): Honesty {
  const { targetUrl } = known;
  const [first, last] = readPortRange();
  return {
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memoryMib: parseMemory(readFileSync('/proc/meminfo', 'utf8')).allMib,
      kernel: `${system()} ${release()}`,
      hugePages: hugePages(),
    },
    limits: { descriptors: descriptorLimit(), portRange: `${first}-${last}`, sysctls: readSysctls() },
    versions: { ...versionsOfTools(k6), ...(targetUrl === null ? versionsOfProxy(scenario) : {}) },
    isIsolated: known.isIsolated,
    isPrivileged: known.isPrivileged,
    shrunk: known.shrunk,
    isTarget: targetUrl !== null,
    wire: hasTls(scenario, targetUrl) ? 'tls' : 'plain',
    loadBefore: known.loadBefore,
  };
}

function hasTls({ to }: Scenario, targetUrl: string | null): boolean {
  return targetUrl === null ? to === 'sandbox' : URL.parse(targetUrl)?.protocol === 'wss:';
}

/** The kernel's file has all words, and the one that holds in brackets. */
function hugePages(): string {
  try {
    const said = readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8');
    return /\[(\w+)\]/.exec(said)?.[1] ?? said.trim();
  } catch {
    return 'unknown';
  }
}

/** Mean of the last minute. */
export function loadNow(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

function descriptorLimit(): number {
  return parseDescriptorLimit(readFileSync('/proc/self/limits', 'utf8')) ?? 1_024;
}

function versionsOfTools(k6: string): Record<string, string> {
  const said = spawnSync(k6, ['version'], { encoding: 'utf8' }).stdout ?? '';
  return { node: process.version, ...parseK6Version(said) };
}

/** `k6 v2.2.0 (go1.26.8, linux/amd64)`, where k6 is what its file is called. */
export function parseK6Version(said: string): { readonly k6: string; readonly go: string } {
  const [, k6 = 'unknown', go = 'unknown'] = /^\S+ (v\S+) .*?(go\d\S*?),/m.exec(said) ?? [];
  return { k6, go };
}

function versionsOfProxy({ through }: Scenario): Record<string, string> {
  if (through === 'pinhole') return { pinhole: (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version };
  if (through === 'direct' || missingPeer(through) !== null) return {};
  return { [through]: versionOfPeer(through) ?? 'unknown' };
}

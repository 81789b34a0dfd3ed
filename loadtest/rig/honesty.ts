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
import { parseDescriptorLimit, parseMemory } from './proc.ts';

const PACKAGE = join(import.meta.dirname, '..', '..', 'package.json');

/** `portRange`: of the network that the run will be in. */
export function readMachine(isIsolated: boolean, portRange: readonly [number, number]): Machine {
  return {
    cores: availableParallelism(),
    availableMib: parseMemory(readFileSync('/proc/meminfo', 'utf8')).availableMib,
    descriptors: descriptorLimit(),
    portRange,
    isIsolated,
  };
}

export function readHonesty(scenario: Scenario, k6: string, known: Pick<Honesty, 'isIsolated' | 'isPrivileged' | 'loadBefore'>): Honesty {
  const [first, last] = readPortRange();
  return {
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memoryMib: parseMemory(readFileSync('/proc/meminfo', 'utf8')).allMib,
      kernel: `${system()} ${release()}`,
    },
    limits: { descriptors: descriptorLimit(), portRange: `${first}-${last}`, sysctls: readSysctls() },
    versions: versionsOf(scenario, k6),
    isIsolated: known.isIsolated,
    isPrivileged: known.isPrivileged,
    wire: scenario.to === 'sandbox' ? 'tls' : 'plain',
    loadBefore: known.loadBefore,
  };
}

/** Mean of the last minute. */
export function loadNow(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

function descriptorLimit(): number {
  return parseDescriptorLimit(readFileSync('/proc/self/limits', 'utf8')) ?? 1_024;
}

function versionsOf({ through }: Scenario, k6: string): Record<string, string> {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string };
  const said = spawnSync(k6, ['version'], { encoding: 'utf8' }).stdout ?? '';
  const [, k6Version = 'unknown', go = 'unknown'] = /k6(?:\.exe)? (v\S+) .*?(go\d\S*?),/.exec(said) ?? [];
  const versions: Record<string, string> = { node: process.version, k6: k6Version, go };
  if (through === 'pinhole') versions['pinhole'] = version;
  if ((through === 'squid' || through === 'haproxy') && missingPeer(through) === null)
    versions[through] = versionOfPeer(through) ?? 'unknown';
  return versions;
}

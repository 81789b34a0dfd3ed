// How the two roles of a node are started: by their installation's own Node and script, with an IPC channel, and carriers with the listening sockets.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { type Launch, PROTOCOL } from './plan.ts';
import { CHILD_OUTPUT_FD, standardOutputForChild } from './standard-output.ts';

/** Descriptors 0 to 2 are the standard ones, 3 is the IPC channel and 4 is where log lines go. */
const FIRST_LISTEN_FD = CHILD_OUTPUT_FD + 1;

const NODE_FLAGS = ['--disable-sigusr1', '--disable-warning=ExperimentalWarning'];
/**
 * Opens leave little behind in a large young generation: 16 MiB instead of 4 saved an eighth of their CPU (measured). What it holds at a peak is
 * given back after the ramp (tunnel/collect.ts).
 */
const CARRIER_FLAGS = ['--max-semi-space-size=16', '--expose-gc'];

/** Of the installation whose code this is. `entry` is its script that knows the roles. */
export function launchOf(root: string, entry: string): Launch {
  const carrierFlags = [...NODE_FLAGS, ...CARRIER_FLAGS];
  return { root, node: process.execPath, entry, carrierFlags, controlFlags: NODE_FLAGS, protocol: PROTOCOL };
}

export interface CarrierPlace {
  readonly runtime: string;
  readonly slot: number;
  readonly generation: number;
  readonly row: number;
  /** It waits to be told before it accepts. */
  readonly isRising: boolean;
}

export function spawnCarrier({ node, entry, carrierFlags }: Launch, place: CarrierPlace, fds: readonly number[]): ChildProcess {
  const { runtime, slot, generation, row, isRising } = place;
  const listenFds = fds.map((_, index) => FIRST_LISTEN_FD + index).join(',');
  const args = ['carrier', '--runtime', runtime, '--slot', slot, '--generation', generation, '--row', row, '--listen-fds', listenFds];
  return start(node, [...carrierFlags, entry, ...args.map(String), ...(isRising ? ['--rising'] : [])], fds);
}

export function spawnControl({ node, entry, controlFlags }: Launch, place: Omit<CarrierPlace, 'slot' | 'row'>): ChildProcess {
  const { runtime, generation, isRising } = place;
  return start(
    node,
    [...controlFlags, entry, 'control', '--runtime', runtime, '--generation', String(generation), ...(isRising ? ['--rising'] : [])],
    [],
  );
}

function start(node: string, args: readonly string[], fds: readonly number[]): ChildProcess {
  return spawn(node, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc', standardOutputForChild(), ...fds] });
}

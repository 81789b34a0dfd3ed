// How the two roles of a node are started: this very Node, our own entry, an IPC channel, and for carriers the listening sockets.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { CHILD_OUTPUT_FD, standardOutputForChild } from './standard-output.ts';

/** Descriptors 0 to 2 are the standard ones, 3 is the IPC channel and 4 is where log lines go. */
const FIRST_LISTEN_FD = CHILD_OUTPUT_FD + 1;

const NODE_FLAGS = ['--disable-sigusr1', '--disable-warning=ExperimentalWarning'];
/**
 * Opens leave little behind in a large young generation: 16 MiB instead of 4 saved an eighth of their CPU (measured). What it holds at a peak is
 * given back after the ramp (tunnel/collect.ts).
 */
const CARRIER_FLAGS = ['--max-semi-space-size=16', '--expose-gc'];

export interface CarrierPlace {
  readonly runtime: string;
  readonly slot: number;
  readonly generation: number;
  readonly row: number;
}

export function spawnCarrier(entry: string, place: CarrierPlace, fds: readonly number[]): ChildProcess {
  const { runtime, slot, generation, row } = place;
  const listenFds = fds.map((_, index) => FIRST_LISTEN_FD + index).join(',');
  const args = ['carrier', '--runtime', runtime, '--slot', slot, '--generation', generation, '--row', row, '--listen-fds', listenFds];
  return start([...NODE_FLAGS, ...CARRIER_FLAGS, entry, ...args.map(String)], fds);
}

export function spawnControl(entry: string, runtime: string, generation: number): ChildProcess {
  return start([...NODE_FLAGS, entry, 'control', '--runtime', runtime, '--generation', String(generation)], []);
}

function start(args: readonly string[], fds: readonly number[]): ChildProcess {
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc', standardOutputForChild(), ...fds] });
}

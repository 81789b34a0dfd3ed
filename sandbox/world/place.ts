// Where everything of one world is: addresses, files, logs. Plain data that the summary, the device and the drives read.

import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { isAbsolute, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AwsIot } from '../aws-iot/start.ts';
import type { Port, PortName } from './ports.ts';

export interface Place {
  readonly dir: string;
  readonly config: string;
  readonly runtime: string;
  /** A hosts file that leads the endpoint's name to the proxy, for clients that know no proxy. */
  readonly hosts: string;
  /** What the page asks for before it changes something. */
  readonly adminToken: string;
  readonly logs: { readonly proxy: string; readonly aws: string; readonly agent: string };
  readonly ports: Readonly<Record<PortName, Port>>;
  readonly aws: Omit<AwsIot, 'stop'>;
  readonly agentMain: string;
  /** `./pinhole`, or its whole path where the current folder is another. */
  readonly pinhole: string;
  /** A path as one would type it from the current folder. */
  readonly show: (path: string) => string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export const DEFAULT_DIR = join(ROOT, '.sandbox');
export const PINHOLE = join(ROOT, 'pinhole');
export const AGENT_MAIN = join(ROOT, 'agent', 'main.ts');

/** sun_path is 108 bytes (unix(7)); the longest socket name of a node is about 25. */
const RUNTIME_PATH_MAX = 80;

/** `run` in the folder of a node, unless its path is too long for a Unix socket. */
export function runtimeFolder(dir: string): string {
  const near = join(dir, 'run');
  if (Buffer.byteLength(near) <= RUNTIME_PATH_MAX) return near;
  return join(tmpdir(), `pinhole-sandbox-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`);
}

/** The command itself, as one would type it from this folder. */
export function showPinhole(from: string): string {
  return relative(from, PINHOLE) === 'pinhole' ? './pinhole' : showPath(PINHOLE, from);
}

/** Short where it lies below `from`, quoted where a shell would need it. */
export function showPath(path: string, from: string): string {
  const near = relative(from, path);
  const shown = near === '' ? '.' : near.startsWith('..') || isAbsolute(near) ? path : near;
  return /^[A-Za-z0-9._/@%+=:,-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}

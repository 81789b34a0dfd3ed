// Which addresses a name has, for k6: a hosts file of our own over the machine's. It is what DNS with health checks is to a fleet: an address is
// taken out when its node is dead or drained, and comes back with it.

import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A name under .test leads nowhere by itself (RFC 6761). */
export const FLEET_NAME = 'fleet.pinhole.test';

export class Names {
  readonly #file: string;
  /** `ADDRESS NAME` in the order of their coming, and whether it leads there now. */
  readonly #lines = new Map<string, boolean>();

  /** Not visible to anybody before `cover`. */
  constructor(folder: string) {
    this.#file = join(folder, 'hosts');
  }

  /** From now on this is /etc/hosts in our own table of mounts. */
  cover(): void {
    this.#write();
    const mounted = spawnSync('mount', ['--bind', this.#file, '/etc/hosts'], { encoding: 'utf8' });
    if (mounted.status !== 0) throw new Error(`no hosts file of our own: ${mounted.error?.message ?? mounted.stderr.trim()}`);
  }

  /** A name without an address is still there for nobody: a resolver then says that it does not exist. */
  set(name: string, addresses: readonly string[]): void {
    for (const line of this.#lines.keys()) if (line.endsWith(` ${name}`)) this.#lines.set(line, false);
    for (const address of addresses) this.#lines.set(`${address} ${name}`, true);
    this.#write();
  }

  /**
   * In place: the mount is of this very file, not of its name. And never emptied first: k6 asks each second, and a reading in between would find
   * no fleet.
   */
  #write(): void {
    const file = openSync(this.#file, constants.O_WRONLY | constants.O_CREAT, 0o644);
    writeSync(file, renderHosts(this.#lines), 0);
    closeSync(file);
  }
}

/** No line ever moves or goes away, so that the text only grows; what leads nowhere is a comment of the same length. */
export function renderHosts(lines: ReadonlyMap<string, boolean>): string {
  return `127.0.0.1 localhost\n${[...lines].map(([line, leads]) => `${leads ? line : `#${line.slice(1)}`}\n`).join('')}`;
}

// Which addresses a name has, for k6: a hosts file of our own over the machine's. It is what DNS with health checks is to a fleet: an address is
// taken out when its node is dead or drained, and comes back with it.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A name under .test leads nowhere by itself (RFC 6761). */
export const FLEET_NAME = 'fleet.pinhole.test';

export class Names {
  readonly #file: string;
  readonly #addresses = new Map<string, readonly string[]>();

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
    this.#addresses.set(name, addresses);
    this.#write();
  }

  /** In place: the mount is of this very file, not of its name. */
  #write(): void {
    writeFileSync(this.#file, renderHosts(this.#addresses));
  }
}

export function renderHosts(addresses: ReadonlyMap<string, readonly string[]>): string {
  const lines = [...addresses].flatMap(([name, all]) => all.map((address) => `${address} ${name}\n`));
  return `127.0.0.1 localhost\n${lines.join('')}`;
}

// One node of the fleet: a real `./pinhole serve`, and what can befall it.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Child, Ended } from '../world/child.ts';
import { noteProxy, releaseLock, takeLock } from '../world/lock.ts';
import { PINHOLE } from '../world/place.ts';
import { startProxy } from '../world/proxy.ts';
import type { SlotPlace } from './layout.ts';

export interface FleetNodeDeps {
  readonly slot: SlotPlace;
  readonly env: NodeJS.ProcessEnv;
  /** An end that nobody here asked for. */
  readonly onDeath: (node: FleetNode, ended: Ended) => void;
}

export class FleetNode {
  readonly slot: SlotPlace;
  readonly #deps: FleetNodeDeps;
  #child: Child | null = null;
  #isStopping = false;

  constructor(deps: FleetNodeDeps) {
    this.slot = deps.slot;
    this.#deps = deps;
  }

  /** Null where the sandbox runs none; somebody may have started one by hand. */
  get pid(): number | null {
    return this.#child?.isOver === false ? this.#child.pid : null;
  }

  /** Takes the folder, ending what a sandbox that was killed outright has left in it. */
  async prepare(): Promise<void> {
    const { dir, log } = this.slot;
    await takeLock(dir);
    writeFileSync(log, '', { mode: 0o600 });
  }

  /** Resolves when it is ready, by its own word and at the door of agents. */
  async start(): Promise<void> {
    const { id, dir, config, log, health, door } = this.slot;
    this.#isStopping = false;
    const child = await startProxy({
      name: id,
      command: PINHOLE,
      args: ['serve', '-c', config],
      logFile: log,
      readyUrls: [`${door}/ready`, `${health}/ready`],
      onStarted: (pid) => noteProxy(dir, pid),
      env: this.#deps.env,
    });
    this.#child = child;
    void child.ended.then((ended) => {
      if (this.#child === child) noteProxy(dir, null);
      if (!this.#isStopping) this.#deps.onDeath(this, ended);
    });
  }

  /** Their ids, in order: every process of it that is there now. */
  processes(): string {
    const group = this.pid;
    return group === null ? '' : processesOf(group).join(' ');
  }

  /** SIGKILL to every process of it: a machine that dies. */
  kill(): void {
    this.#child?.signalAll('SIGKILL');
  }

  /** SIGSTOP to every process of it: a machine that hangs. The kernel goes on accepting connections for it. */
  freeze(): void {
    this.#child?.signalAll('SIGSTOP');
  }

  thaw(): void {
    this.#child?.signalAll('SIGCONT');
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.thaw();
    await this.#child?.stop();
    rmSync(this.slot.runtime, { recursive: true, force: true });
    releaseLock(this.slot.dir);
  }
}

/** Of a process group: proc(5), the fifth field of `stat`, counted behind the name. */
function processesOf(group: number): number[] {
  const ids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  return ids.map(Number).filter((id) => groupOf(id) === group);
}

function groupOf(id: number): number | null {
  try {
    const text = readFileSync(`/proc/${id}/stat`, 'utf8');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[2]);
  } catch {
    return null;
  }
}

// The nodes of a run: real `./pinhole serve`, each on an address of its own, and what can befall them.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Death, deaths } from './deaths.ts';
import { ask } from './collector.ts';
import { logFileOf, type NodeConfigInput, type NodePlace, renderNodeConfig } from './node-config.ts';
import { type Processes, type Started, wordsOf } from './processes.ts';
import { untilStopped } from './until-stopped.ts';

const READY_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 100;
/** An upgrade starts a generation, and moves every tunnel. */
const ORDER_WITHIN_MS = 180_000;
/**
 * Agents know every address of the fleet and try the next one at once (docs/addresses.md); k6 knows one name. So the name forgets a dead node
 * as soon as such agents would, not after the 110 s that DNS takes.
 */
const FORGOTTEN_AFTER_MS = 2_000;

export interface FleetDeps {
  /** The program. */
  readonly pinhole: string;
  readonly inputs: readonly NodeConfigInput[];
  readonly processes: Processes;
  readonly env: NodeJS.ProcessEnv;
  /** The addresses to which the fleet's name now leads. */
  readonly lead: (addresses: readonly string[]) => void;
  /** Nothing is waited for after it: a start and an order then reject. */
  readonly stop: AbortSignal;
}

interface RigNode {
  readonly input: NodeConfigInput;
  readonly config: string;
  started: Started | null;
  /** Agents are led there. */
  isInDns: boolean;
  drainer: Started | null;
}

export class Fleet {
  readonly #deps: FleetDeps;
  readonly #nodes: readonly RigNode[];
  #fail!: (error: Error) => void;
  /** Rejects where a node ends that nobody ended, or a drain that is not done. */
  readonly failed: Promise<never>;

  constructor(deps: FleetDeps) {
    this.#deps = deps;
    this.failed = new Promise<never>((_, reject) => (this.#fail = reject));
    this.failed.catch(() => {});
    this.#nodes = deps.inputs.map((input) => {
      const { folder } = input.place;
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const config = join(folder, 'pinhole.yaml');
      writeFileSync(config, renderNodeConfig(input), { mode: 0o600 });
      return { input, config, started: null, isInDns: false, drainer: null };
    });
  }

  get places(): NodePlace[] {
    return this.#nodes.map(({ input }) => input.place);
  }

  /** Process groups of the nodes that are there. */
  get groups(): number[] {
    return this.#nodes.flatMap(({ started }) => (started === null ? [] : [started.pid]));
  }

  /** Where each says how it is; null for one that is dead. */
  get metrics(): Record<string, string | null> {
    return Object.fromEntries(
      this.#nodes.map(({ input: { place }, started }) => [
        place.name,
        started === null ? null : `http://${place.address}:${place.ports.health}/metrics`,
      ]),
    );
  }

  async startAll(): Promise<void> {
    await Promise.all(this.#nodes.map((_, index) => this.start(index)));
  }

  /** Resolves when it is ready, and led to. */
  async start(index: number): Promise<void> {
    const node = this.#node(index);
    const { place } = node.input;
    const logFile = join(place.folder, 'serve.log');
    const started = this.#deps.processes.start({
      ...{ name: place.name, command: [this.#deps.pinhole, 'serve', '-c', node.config], logFile, env: this.#deps.env },
    });
    node.started = started;
    let how: string | null = null;
    void started.ended.then((ended) => {
      ({ how } = ended);
      if (node.started !== started) return;
      node.started = null;
      this.#fail(new Error(`node ${place.name} ended unasked: it ${wordsOf(ended)}`));
    });
    const giveUpAt = performance.now() + READY_WITHIN_MS;
    while (how === null && performance.now() < giveUpAt) {
      if ((await ask(`http://${place.address}:${place.ports.health}/ready`)) !== null) return this.#lead(node, true);
      await delay(LOOK_EVERY_MS, undefined, { signal: this.#deps.stop });
    }
    const words = how ?? `was not ready within ${READY_WITHIN_MS / 1_000} s`;
    throw new Error(`node ${place.name} ${wordsOf({ how: words, lastLines: started.lastLines() })}`);
  }

  /** SIGKILL to all of it at once: a machine that dies. DNS forgets it a little later. */
  async kill(index: number): Promise<void> {
    const node = this.#node(index);
    const { started } = node;
    if (started === null) return;
    node.started = null;
    const drainer = takeDrainer(node);
    await this.#deps.processes.kill(started);
    if (drainer !== null) await this.#deps.processes.stop(drainer);
    setTimeout(() => node.started === null && this.#lead(node, false), FORGOTTEN_AFTER_MS).unref();
  }

  /** As `pinhole fleet drain` does: out of DNS first, then emptied at a pace. */
  drain(index: number): void {
    const node = this.#node(index);
    this.#lead(node, false);
    const { name, folder } = node.input.place;
    const logFile = join(folder, 'drain.log');
    const drainer = this.#deps.processes.start({
      ...{ name: `drain of ${name}`, command: [this.#deps.pinhole, 'drain', '-c', node.config, '--json'], logFile, env: this.#deps.env },
    });
    node.drainer = drainer;
    void drainer.ended.then((ended) => {
      if (ended.code !== 0 && node.drainer === drainer) this.#fail(new Error(`\`pinhole drain\` of ${name} ${wordsOf(ended)}`));
    });
  }

  async undrain(index: number): Promise<void> {
    const node = this.#node(index);
    const drainer = takeDrainer(node);
    await this.#order(node, ['undrain']);
    if (drainer !== null) await this.#deps.processes.stop(drainer);
    this.#lead(node, true);
  }

  /** To this very tree: another generation of the same code. */
  async upgrade(index: number): Promise<void> {
    await this.#order(this.#node(index), ['upgrade', '--json']);
  }

  /** Of nodes that lived on without them. */
  async deaths(): Promise<readonly (Death & { readonly node: string })[]> {
    const each = this.places.map(async (place) => (await deaths(logFileOf(place))).map((death) => ({ ...death, node: place.name })));
    return (await Promise.all(each)).flat();
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#nodes.map(async (node) => {
        const { started } = node;
        const drainer = takeDrainer(node);
        node.started = null;
        if (drainer !== null) await this.#deps.processes.stop(drainer);
        if (started !== null) await this.#deps.processes.stop(started);
      }),
    );
  }

  /** In a group of its own, as a node: Ctrl-C in a terminal is the rig's to hear. */
  async #order(node: RigNode, [command = '', ...flags]: readonly string[]): Promise<void> {
    const { processes, pinhole, env, stop } = this.#deps;
    const { name, folder } = node.input.place;
    const logFile = join(folder, `${command}.log`);
    const order = processes.start({
      name: `${command} of ${name}`,
      command: [pinhole, command, '-c', node.config, ...flags],
      logFile,
      env,
    });
    const late = new AbortController();
    const patience = delay(ORDER_WITHIN_MS, null, { signal: late.signal }).catch(() => null);
    try {
      const ended = await untilStopped(Promise.race([order.ended, patience]), stop);
      if (ended?.code === 0) return;
      const how = ended?.how ?? `was not done within ${ORDER_WITHIN_MS / 1_000} s`;
      throw new Error(`\`pinhole ${command}\` of ${name} ${wordsOf({ how, lastLines: order.lastLines() })}`);
    } finally {
      late.abort();
      await processes.stop(order);
    }
  }

  #lead(node: RigNode, isInDns: boolean): void {
    node.isInDns = isInDns;
    this.#deps.lead(this.#nodes.filter((one) => one.isInDns).map(({ input }) => input.place.address));
  }

  #node(index: number): RigNode {
    const node = this.#nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }
}

/** Nobody waits for its drain any more: how it ends is no matter. */
function takeDrainer(node: RigNode): Started | null {
  const { drainer } = node;
  node.drainer = null;
  return drainer;
}

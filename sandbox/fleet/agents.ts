// The devices of the fleet's world: reference agents, many in this one process, most of them by the signed list of addresses and some by the
// name alone. What befell each is kept: when it lost its session, over which node, and when it was back.

import { readFileSync } from 'node:fs';
import { type AddressDeps } from '../../agent/addresses.ts';
import { parseKeys } from '../../agent/address-list.ts';
import { systemClock } from '../../agent/clock.ts';
import type { Door } from '../../agent/doors.ts';
import { keepFresh, ListKeeper, type ListStore } from '../../agent/list-keeper.ts';
import { fileSource } from '../../agent/list-source.ts';
import { type AgentEvent, runAgent } from '../../agent/run.ts';
import { Agent, type AgentSettings } from '../../agent/session.ts';

export type KnowsBy = 'list' | 'name';

export interface Outage {
  readonly agent: string;
  readonly by: KnowsBy;
  /** The slot over which the session was lost. */
  readonly lost: string;
  readonly why: string;
  /** When the agent noticed, and when it had a session again: milliseconds of the world's start; null where it has none yet. */
  readonly fromMs: number;
  readonly toMs: number | null;
  /** The slot over which it came back. */
  readonly over: string | null;
}

export interface AgentView {
  readonly agent: string;
  readonly by: KnowsBy;
  readonly door: Door;
  /** The slot over which it is connected; null where it is not. */
  readonly over: string | null;
  readonly reconnects: number;
  readonly lastOutageMs: number | null;
  readonly published: number;
  /** What its last attempt met with, where it is not connected. */
  readonly trouble: string | null;
}

export interface AgentsPlan {
  readonly count: number;
  /** So many of them know the name only. */
  readonly byName: number;
  readonly proxy: { readonly host: string; readonly port: number; readonly ca: string };
  readonly endpoint: Pick<AgentSettings, 'endpoint' | 'port' | 'ca' | 'cert' | 'key'>;
  readonly list: { readonly file: string; readonly keyFile: string };
  readonly publishEveryMs: number;
  readonly lookup: AddressDeps['lookup'];
  /** The slot that has an address; null where none has. */
  readonly slotOf: (address: string) => string | null;
  readonly nowMs: () => number;
  readonly onOutageOver: (outage: Outage) => void;
}

/** The stand-in's policies let a certificate of theirs use any client id that begins so. */
const CLIENT_ID = 'test-agent-';

interface Device {
  readonly name: string;
  readonly by: KnowsBy;
  readonly door: Door;
  over: string | null;
  sessions: number;
  published: number;
  outage: Outage | null;
  lastOutageMs: number | null;
  trouble: string | null;
}

export class Agents {
  readonly #plan: AgentsPlan;
  readonly #devices: readonly Device[];
  readonly #stop = new AbortController();
  readonly #over: Outage[] = [];
  readonly #running: Promise<unknown>[] = [];
  readonly #keeper: ListKeeper;

  constructor(plan: AgentsPlan) {
    this.#plan = plan;
    this.#keeper = keeperOf(plan);
    this.#devices = Array.from({ length: plan.count }, (_, index) => ({
      name: `${CLIENT_ID}${index + 1}`,
      by: index >= plan.count - plan.byName ? 'name' : 'list',
      // Each way of knowing, by both doors.
      door: index % 2 === 0 ? 'connect' : 'connect-tls',
      ...{ over: null, sessions: 0, published: 0, outage: null, lastOutageMs: null, trouble: null },
    }));
  }

  async start(): Promise<void> {
    await this.#keeper.refresh();
    const common = { clock: systemClock, random: Math.random, stop: this.#stop.signal };
    this.#running.push(keepFresh(this.#keeper, { ...common, asked: () => {} }));
    for (const device of this.#devices) this.#running.push(this.#run(device));
  }

  views(): AgentView[] {
    return this.#devices.map(({ name, by, door, over, sessions, lastOutageMs, published, trouble }) => ({
      ...{ agent: name, by, door, over, reconnects: Math.max(0, sessions - 1), lastOutageMs, published, trouble },
    }));
  }

  /** Those that are over, then those that are not. */
  outages(): Outage[] {
    return [...this.#over, ...this.#devices.flatMap(({ outage }) => (outage === null ? [] : [outage]))];
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#running);
  }

  #run(device: Device): Promise<boolean> {
    const { proxy, endpoint, lookup, publishEveryMs } = this.#plan;
    const isTls = device.door === 'connect-tls';
    const agent = new Agent(
      {
        ...endpoint,
        door: device.door,
        proxies: [{ isTls, host: proxy.host, port: proxy.port, authorization: null }],
        proxyTls: { ca: proxy.ca, cert: undefined, key: undefined },
        gateway: null,
        clientId: device.name,
        keepAliveSeconds: 60,
        role: null,
      },
      {
        ...{ clock: systemClock, random: Math.random, lookup },
        ...(device.by === 'list' ? { published: (host: string) => this.#keeper.published(host) } : {}),
      },
    );
    const job = { topic: `test/${device.name}`, message: 'Hello from the fleet', count: 0, intervalMs: publishEveryMs, attempts: 0 };
    const emit = (event: AgentEvent): void => this.#heard(device, event);
    return runAgent(agent, job, { clock: systemClock, random: Math.random, emit, stop: this.#stop.signal });
  }

  #heard(device: Device, event: AgentEvent): void {
    const nowMs = this.#plan.nowMs();
    switch (event.event) {
      case 'connected':
        device.sessions += 1;
        device.over = this.#slotIn(event.via);
        device.trouble = null;
        this.#isBack(device, nowMs);
        return;
      case 'published':
        device.published += 1;
        return;
      case 'failed':
        device.trouble = event.failure.message;
        if (device.over === null || this.#stop.signal.aborted) return;
        device.outage ??= {
          ...{ agent: device.name, by: device.by, lost: device.over, why: event.failure.facts.code, fromMs: nowMs, toMs: null, over: null },
        };
        device.over = null;
        return;
      default:
    }
  }

  #isBack(device: Device, nowMs: number): void {
    if (device.outage === null) return;
    const outage: Outage = { ...device.outage, toMs: nowMs, over: device.over };
    device.lastOutageMs = nowMs - outage.fromMs;
    device.outage = null;
    this.#over.push(outage);
    this.#plan.onOutageOver(outage);
  }

  /** From the agent's own words for an address: `name (address:port)`. */
  #slotIn(via: string | null): string | null {
    const address = /([0-9]+(?:\.[0-9]+){3}):/.exec(via ?? '')?.[1];
    return address === undefined ? null : this.#plan.slotOf(address);
  }
}

/** One list for all of them, as each would keep its own; nothing on disk. */
function keeperOf({ list, proxy }: AgentsPlan): ListKeeper {
  const store: ListStore = { read: () => null, write: () => {} };
  const keys = parseKeys(readFileSync(list.keyFile, 'utf8'));
  if (keys === null) throw new Error(`${list.keyFile} holds no key`);
  const source = fileSource(list.file, (path) => readFileSync(path, 'utf8'));
  return new ListKeeper({ keys, proxy, source, store, clock: systemClock, emit: () => {} });
}

// The list of the proxy's addresses over time: what is on disk at the start, what the source says from then on, and which of them is dialled
// by. Nothing that comes from the source or from disk is believed before its signature; a list that is not taken leaves the one before it
// where it is. Without a list that holds, the proxy's name is asked of DNS, as by an agent that has none.

import type { KeyObject } from 'node:crypto';
import { type AddressList, instant, judgeList, type JudgedList, type ListFault, published, type Published } from './address-list.ts';
import { type Clock, sleep, withinDeadline } from './clock.ts';
import { AgentFailure, asFailure, codeOf, messageOf } from './failure.ts';

export interface ListSource {
  /** For people, and to know whether an ETag is this source's. */
  readonly name: string;
  /** Null where nothing has changed since `etag`. Throws where the source cannot be reached. */
  fetch(etag: string | null): Promise<{ readonly text: string; readonly etag: string | null } | null>;
}

export interface StoredList {
  readonly source: string;
  readonly etag: string | null;
  readonly text: string;
}

export interface ListStore {
  /** Null where nothing is stored. Throws where it cannot be read, or is something else. */
  read(): StoredList | null;
  write(stored: StoredList): void;
}

export interface ListEvent {
  readonly event: 'addresses';
  /**
   * `taken`: dialled by from now on. `unchanged`: so it was already. `kept`: the source has nothing better, the one before goes on. `none`:
   * there is no list that holds. `unsaved`: not on disk; a restart will not know it.
   */
  readonly outcome: 'taken' | 'unchanged' | 'kept' | 'none' | 'unsaved';
  /** The word for what was wrong, from docs/addresses.md, or an errno; null where nothing was. */
  readonly code: string | null;
  readonly detail: string;
}

export interface KeeperDeps {
  readonly keys: ReadonlyMap<string, KeyObject>;
  /** What the list has to be for: the name in --proxy. */
  readonly proxy: { readonly host: string; readonly port: number };
  readonly source: ListSource;
  readonly store: ListStore;
  readonly clock: Clock;
  readonly emit: (event: ListEvent) => void;
}

/** Every address of a list, filtered one by one, and then the name. */
const FETCH_TIMEOUT_MS = 120_000;
/** A new address is announced weeks before it is used. */
const REFRESH_MS = 3_600_000;
const RETRY_MS = 300_000;

export class ListKeeper {
  readonly #deps: KeeperDeps;
  /** The newest whose signature was right, also where its time is over. */
  #newest: AddressList | null = null;
  #etag: string | null = null;
  #isExpirySaid = false;

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
  }

  /** What to dial for a name of the proxy; null where DNS has to say. */
  published(host: string): Published | null {
    const { proxy, clock } = this.#deps;
    return host === proxy.host && this.hasList() ? published(this.#newest ?? { entries: [] }, clock.nowMs()) : null;
  }

  /** Says so once when the list has expired. */
  hasList(): boolean {
    if (this.#newest === null) return false;
    if (this.#deps.clock.nowMs() < this.#newest.expiresMs) return true;
    if (!this.#isExpirySaid) this.#say('none', 'EXPIRED', `the list expired at ${instant(this.#newest.expiresMs)}: ${ASKING_DNS}`);
    this.#isExpirySaid = true;
    return false;
  }

  /** The list that an earlier run left on disk. */
  load(): void {
    let stored: StoredList | null;
    try {
      stored = this.#deps.store.read();
    } catch (error) {
      return this.#say('none', codeOf(error), `the stored list is not used: ${messageOf(error)}`);
    }
    if (stored === null) return;
    const judged = this.#judge(stored.text);
    // Also an expired one is a mark behind which no later list may fall.
    if (judged.list !== null && (judged.ok || judged.code === 'EXPIRED')) {
      this.#newest = judged.list;
      if (stored.source === this.#deps.source.name) this.#etag = stored.etag;
    }
    if (judged.ok) return this.#say('taken', null, `from disk: ${describe(judged.list)}`);
    this.#isExpirySaid = judged.code === 'EXPIRED';
    this.#say('none', judged.code, `the stored list is not used: ${judged.why}`);
  }

  /** Asks the source. True where it has answered with something that can be used. */
  async refresh(): Promise<boolean> {
    const { source, clock } = this.#deps;
    let fetched: Awaited<ReturnType<ListSource['fetch']>>;
    try {
      fetched = await withinDeadline(clock, FETCH_TIMEOUT_MS, late, () => source.fetch(this.#etag));
    } catch (error) {
      const { code, detail } = asFailure(error, { leg: 'settings', code: codeOf(error), fixer: 'device', detail: messageOf(error) }).facts;
      return this.#stay(code, `${source.name} gave no list: ${detail}`);
    }
    if (fetched === null) return this.#unchanged();
    const judged = this.#judge(fetched.text);
    if (!judged.ok) return this.#stay(judged.code, `the list of ${source.name} is not taken: ${judged.why}`);
    return this.#take(judged.list, { source: source.name, ...fetched });
  }

  #take(list: AddressList, fetched: StoredList): boolean {
    const isNew = list.issuedMs !== this.#newest?.issuedMs;
    this.#newest = list;
    this.#etag = fetched.etag;
    this.#isExpirySaid = false;
    if (!isNew) return this.#unchanged();
    this.#say('taken', null, `from ${fetched.source}: ${describe(list)}`);
    try {
      this.#deps.store.write(fetched);
    } catch (error) {
      this.#say('unsaved', codeOf(error), `the list is in use, but not on disk: ${messageOf(error)}`);
    }
    return true;
  }

  #unchanged(): boolean {
    if (this.#newest === null || !this.hasList()) return this.#stay('EXPIRED', `${this.#deps.source.name} has nothing newer`);
    this.#say('unchanged', null, describe(this.#newest));
    return true;
  }

  /** The source did not help. */
  #stay(code: string, why: string): false {
    if (this.hasList()) this.#say('kept', code, `${why}; the earlier one goes on`);
    else this.#say('none', code, `${why}; ${ASKING_DNS}`);
    return false;
  }

  #judge(text: string): JudgedList {
    const { keys, proxy, clock } = this.#deps;
    const judged = judgeList(text, keys, clock.nowMs());
    const { list } = judged;
    if (list === null) return judged;
    const isOurs = list.proxy.host === proxy.host && list.proxy.port === proxy.port;
    if (!isOurs)
      return fault('OTHER_PROXY', `it is for ${list.proxy.host}:${list.proxy.port}, and --proxy says ${proxy.host}:${proxy.port}`);
    if (!judged.ok || this.#newest === null || list.issuedMs >= this.#newest.issuedMs) return judged;
    return fault('OLDER', `it was issued at ${instant(list.issuedMs)}, and this agent has one of ${instant(this.#newest.issuedMs)}`);
  }

  #say(outcome: ListEvent['outcome'], code: string | null, detail: string): void {
    this.#deps.emit({ event: 'addresses', outcome, code, detail });
  }
}

const ASKING_DNS = "the proxy's name is asked of DNS";

export interface FreshDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly stop: AbortSignal;
  /** Called each time the source has been asked. */
  readonly asked: () => void;
}

/** Asks again and again until the signal; never at the same moment as the agents that were started together. */
export async function keepFresh(keeper: ListKeeper, { clock, random, stop, asked }: FreshDeps): Promise<void> {
  while (!stop.aborted) {
    const periodMs = (await keeper.refresh()) ? REFRESH_MS : RETRY_MS;
    asked();
    await sleep(clock, periodMs * (0.5 + random()), stop);
  }
}

function describe({ fleet, entries, issuedMs, expiresMs }: AddressList): string {
  return `${entries.length} addresses of ${fleet}, issued ${instant(issuedMs)}, good until ${instant(expiresMs)}`;
}

function fault(code: ListFault, why: string): JudgedList {
  return { ok: false, code, why, list: null };
}

function late(): AgentFailure {
  return new AgentFailure({
    leg: 'proxy-answer',
    code: 'TIMEOUT',
    fixer: 'operator',
    detail: `no list within ${FETCH_TIMEOUT_MS / 1_000} s`,
  });
}

// The conditions of readiness as one table: what is measured, what is too bad, and for how long. docs/health.md shows the same table.

import type { ResolverState } from '../core/ports.ts';
import { type Hold, Latch, type LatchState, type Sign, signOfShare } from './latch.ts';

/** Resources run out slowly: a node leaves DNS before it has to refuse. A late event loop is first met by refusing new tunnels. */
export const LATCHES = {
  draining: { tripsAfterMs: 0, clearsAfterMs: 0 },
  accepting: { tripsAfterMs: 3_000, clearsAfterMs: 5_000 },
  'event-loop': { tripsAfterMs: 10_000, clearsAfterMs: 30_000 },
  descriptors: { tripsAfterMs: 5_000, clearsAfterMs: 30_000 },
  ports: { tripsAfterMs: 5_000, clearsAfterMs: 30_000 },
  memory: { tripsAfterMs: 5_000, clearsAfterMs: 30_000 },
  certificate: { tripsAfterMs: 10_000, clearsAfterMs: 10_000 },
  resolver: { tripsAfterMs: 30_000, clearsAfterMs: 10_000 },
  // The probe has counted its rounds, both ways, before it speaks; and where most others fail too, nobody should be out for long.
  probe: { tripsAfterMs: 0, clearsAfterMs: 5_000 },
} as const satisfies Record<string, Hold>;

export type LatchName = keyof typeof LATCHES;
/**
 * A latch of the control before says something for as long as the slowest of them takes to change its mind. One that is older might have cleared
 * meanwhile; and what is still as bad trips it again, within less.
 */
export const LATCHES_KEPT_MS = Math.max(...Object.values(LATCHES).flatMap((hold: Hold) => [hold.tripsAfterMs, hold.clearsAfterMs]));
export const LATCH_NAMES = Object.keys(LATCHES) as LatchName[];

/** Beyond this the loop cannot answer a health check in its 2 s. */
const LOOP_BAD_S = 0.5;
const LOOP_GOOD_S = 0.2;
const SHARE_BAD = 0.05;
const SHARE_GOOD = 0.1;
const DAY_MS = 86_400_000;
/** A certificate that lives for days only is renewed in its last hours. */
const CERTIFICATE_LIFE_SHARE = 0.1;

/** What is known of the node at one moment; null is what cannot be told. */
export interface NodeFacts {
  readonly isStopping: boolean;
  /** What is wrong on the listeners' own ports; empty where they all answer, null before they were asked. */
  readonly port: string | null;
  /** Of the worst carrier. */
  readonly eventLoopDelayS: number | null;
  readonly descriptorsFree: number | null;
  readonly portsFree: number | null;
  readonly memoryFree: number | null;
  readonly certificate: { readonly leftMs: number; readonly lifeMs: number } | null;
  readonly resolvers: readonly ResolverState[];
  /** Why the probe says that this node should leave; empty where it does not, or says nothing that is fresh. */
  readonly probe: string;
}

export interface Reading {
  readonly sign: Sign;
  /** The reason where it is bad. */
  readonly why: string;
}

export function readingsOf(facts: NodeFacts): Readonly<Record<LatchName, Reading>> {
  const { eventLoopDelayS: loopS, certificate } = facts;
  const percent = (share: number | null): string => `${((share ?? 0) * 100).toFixed(1)} %`;
  return {
    draining: { sign: facts.isStopping ? 'bad' : 'good', why: 'the node stops' },
    accepting: { sign: facts.port === null ? 'between' : signOf(facts.port), why: facts.port ?? '' },
    'event-loop': {
      sign: loopS === null ? 'between' : loopS > LOOP_BAD_S ? 'bad' : loopS < LOOP_GOOD_S ? 'good' : 'between',
      why: `an event loop is ${(loopS ?? 0).toFixed(2)} s late`,
    },
    descriptors: {
      sign: signOfShare(facts.descriptorsFree, SHARE_BAD, SHARE_GOOD),
      why: `${percent(facts.descriptorsFree)} of a carrier's descriptors are left`,
    },
    ports: {
      sign: signOfShare(facts.portsFree, SHARE_BAD, SHARE_GOOD),
      why: `${percent(facts.portsFree)} of the local ports towards an upstream are left`,
    },
    memory: { sign: signOfShare(facts.memoryFree, SHARE_BAD, SHARE_GOOD), why: `${percent(facts.memoryFree)} of the memory is left` },
    certificate: {
      sign: certificate !== null && certificate.leftMs < leastLeftMs(certificate.lifeMs) ? 'bad' : 'good',
      why: certificate === null ? '' : certificateWords(certificate.leftMs),
    },
    resolver: {
      sign: facts.resolvers.includes('failing') ? 'bad' : 'good',
      why: 'no DNS server answers, and there is no old answer for a name that is asked for',
    },
    probe: { sign: signOf(facts.probe), why: facts.probe },
  };
}

function signOf(why: string): Sign {
  return why === '' ? 'good' : 'bad';
}

function leastLeftMs(lifeMs: number): number {
  return Math.min(DAY_MS, lifeMs * CERTIFICATE_LIFE_SHARE);
}

export function certificateWords(leftMs: number): string {
  if (leftMs <= 0) return 'our certificate has expired';
  const minutes = Math.floor(leftMs / 60_000);
  const left =
    minutes < 120 ? `${minutes} min` : minutes < 2 * 1_440 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1_440)} days`;
  return `our certificate expires in ${left}`;
}

/** One latch as the health address and the verdict show it. */
export interface LatchView extends LatchState {
  readonly latch: LatchName;
  /** While it is tripped: the last that spoke for it. */
  readonly why: string;
}

export class Latches {
  readonly #latches: ReadonlyMap<LatchName, Latch>;
  readonly #whys = new Map<LatchName, string>();

  /** `before` is what the last control left behind: a restart of control must not flip a node. */
  constructor(nowMs: number, before: readonly LatchView[] = []) {
    this.#latches = new Map(
      LATCH_NAMES.map((name) => {
        const known = before.find(({ latch }) => latch === name);
        if (known) this.#whys.set(name, known.why);
        return [name, new Latch(LATCHES[name], known ?? { isTripped: false, sinceMs: nowMs })];
      }),
    );
  }

  get areInDoubt(): boolean {
    return this.#latches.values().some(({ isInDoubt }) => isInDoubt);
  }

  look(readings: Readonly<Record<LatchName, Reading>>, nowMs: number): LatchView[] {
    return [...this.#latches].map(([latch, held]) => {
      const { sign, why } = readings[latch];
      if (sign === 'bad') this.#whys.set(latch, why);
      const { isTripped, sinceMs } = held.look(sign, nowMs);
      return { latch, isTripped, sinceMs, why: isTripped ? (this.#whys.get(latch) ?? '') : '' };
    });
  }
}

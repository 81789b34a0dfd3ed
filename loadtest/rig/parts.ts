// What the parts of the rig that others drive look like from outside. Types only: generators.ts, far-ends.ts and probe.ts fill them.

import type { AgentPlan } from '../shared/agent-plan.ts';
import type { Tick } from '../shared/tick.ts';
import type { FarEndSeen, ProbeSeen } from '../run-record.ts';

/** Processes of k6, each with an execution segment of one plan. */
export interface Generators {
  readonly pids: readonly number[];
  /** Resolves once every process has ended by itself after the plan's end; rejects with words where one died before (its last lines in them). */
  readonly ended: Promise<void>;
  /** Ends them early; resolves when none is left. */
  stop(): Promise<void>;
}

export interface GeneratorsPlan {
  readonly k6: string;
  readonly agents: AgentPlan;
  readonly processes: number;
  /** Where several machines share one plan: which of them this is, from 1 on. */
  readonly machine?: { readonly number: number; readonly of: number };
  /** `http://HOST:PORT` for HTTP_PROXY and HTTPS_PROXY; null: none. */
  readonly proxy: string | null;
  /** Added to the environment: SSL_CERT_FILE for `wss`. */
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly heard: (tick: Tick) => void;
  /** A tick that cannot be read. Its line is complained of as well. */
  readonly torn: () => void;
  /** A line of k6 that is no tick: its own words, or a tick that was torn. */
  readonly complained: (line: string) => void;
}

export interface FarEnds {
  readonly pids: readonly number[];
  /** `IP:443` each, for `resolve.pin`. */
  readonly addresses: readonly string[];
  /** Rejects where one died unasked. */
  readonly failed: Promise<never>;
  throttle(connectsPerSecond: number | null): void;
  die(): void;
  comeBack(): Promise<void>;
  stop(): Promise<void>;
}

export interface FarEndsPlan {
  /** One process each. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly quota: number | null;
  readonly folder: string;
  /** All processes together, each second (Unix time). */
  readonly heard: (at: number, seen: FarEndSeen) => void;
}

export interface Probe {
  readonly pid: number;
  /** Rejects where it died unasked. */
  readonly failed: Promise<never>;
  /** What it saw until then, also of one that died; ends it. */
  stop(): Promise<ProbeSeen>;
}

export interface ProbePlan {
  /** `HOST:PORT` of each node, with the doors it has; empty: only past the proxy. */
  readonly nodes: readonly {
    readonly address: string;
    readonly doors: readonly ('connect' | 'connect-tls')[];
    readonly serverName: string | null;
  }[];
  readonly caFile: string | null;
  readonly target: { readonly host: string; readonly port: number; readonly addresses: readonly string[] };
  /** Sessions that stay, half of them through the nodes and half past them. */
  readonly sessions: number;
}

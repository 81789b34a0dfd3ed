// What a run has seen, whole: the rig writes it, the report reads it and nothing else. Types only.

import type { SparseHistogram } from './shared/histogram.ts';
import type { Scenario, ScenarioEvent } from './scenario.ts';

export interface RunRecord {
  readonly format: 1;
  /** Made up by testing/, never run: the report says so, and no capacity card is written from it. */
  readonly isSynthetic?: true;
  /** As it was run, with what the command line changed. */
  readonly scenario: Scenario;
  /** ISO 8601. */
  readonly began: string;
  /** `interrupted` by Ctrl-C; `broken` where a part of the rig died or could not go on: what was seen until then is here all the same. */
  readonly ended: 'whole' | 'interrupted' | 'broken';
  /** In words: why it is broken, what was found wrong, what could not be measured. */
  readonly troubles: readonly string[];
  readonly honesty: Honesty;
  /** Which machine of several this was: what its agents did is here, and what the scenario asks is of all of them. Null where one had all agents. */
  readonly machine: { readonly number: number; readonly of: number } | null;
  /** Ticks of k6 that came torn or too late: what they counted is in no second. */
  readonly lostTicks: number;
  readonly phases: readonly Phase[];
  readonly marks: readonly Mark[];
  readonly seconds: readonly Second[];
  /** What the Node probe saw. Null where it did not run. */
  readonly probe: ProbeSeen | null;
  /**
   * Open descriptors of the nodes before the first tunnel and after the last, and the Unix time in ms of the first look that found them back,
   * which was not before k6 and the probe had ended; null where none did.
   */
  readonly descriptors: { readonly before: number; readonly after: number; readonly backAtMs: number | null } | null;
}

/** A part of a run; seconds since its beginning. */
export interface Phase {
  readonly name: string;
  /** `rest`: a ramp that waits half way. */
  readonly kind: 'ramp' | 'rest' | 'hold' | 'step' | 'fault' | 'close';
  readonly from: number;
  readonly to: number;
  /** Of a step; of all machines together. */
  readonly askedPerSecond?: number;
}

/** Something that was done to the fleet, or that befell it. */
export interface Mark {
  readonly at: number;
  readonly what: string;
  /** Which event of the scenario; null for what befell it, and for what only says where an event ended. */
  readonly event: ScenarioEvent['do'] | null;
  /** Of the scenario; what is unasked makes the run not valid. */
  readonly isPlanned: boolean;
  readonly node: string | null;
  /** Tunnels of agents that it held at that moment (the probe's are not counted), for a node that was killed or drained. */
  readonly tunnels: number | null;
}

/** One second, seen from all sides. What could not be read in it is null, never zero. */
export interface Second {
  /** Since the beginning of the run, whole. */
  readonly at: number;
  readonly agents: AgentsSeen;
  /** By name. Null: it does not answer, or is dead. */
  readonly nodes: Readonly<Record<string, NodeSeen | null>>;
  /** `k6`, `far-end`, `pinhole`, `squid`, `haproxy`, `rig`, `probe`: all processes of the role together. */
  readonly roles: Readonly<Record<string, RoleSeen>>;
  /** Anonymous memory of each process of the nodes that holds tunnels, in the order of their pids; empty where there is none. */
  readonly carriersKib: readonly number[];
  readonly kernel: KernelSeen | null;
  readonly farEnd: FarEndSeen | null;
}

/** All VUs of all processes: the sums of their ticks (shared/tick.ts has the meanings). */
export interface AgentsSeen {
  readonly established: number;
  readonly wanted: number;
  readonly tried: number;
  readonly opened: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly dropped: Readonly<Record<string, number>>;
  readonly closed: number;
  readonly sent: number;
  readonly back: number;
  readonly unanswered: number;
  readonly openUs: SparseHistogram;
  readonly dialUs: SparseHistogram;
  readonly connackUs: SparseHistogram;
  readonly roundTripUs: SparseHistogram;
}

/** From the node's own /metrics; counters as they stand. */
export interface NodeSeen {
  readonly tunnels: number;
  /** `pinhole_opens_total` by reason. */
  readonly opens: Readonly<Record<string, number>>;
  /** `pinhole_closes_total` by who ended it. */
  readonly closes: Readonly<Record<string, number>>;
  readonly eventLoopDelayMs: number | null;
}

export interface RoleSeen {
  /** Spent in a second, on average since the last one that was read. */
  readonly cpuSeconds: number;
  /** Anonymous memory: what user space costs. Null where no process of the role could be read. */
  readonly userKib: number | null;
  readonly descriptors: number | null;
}

/** Of the rig's network namespace. */
export interface KernelSeen {
  readonly socketMemoryKib: number;
  readonly timeWait: number;
}

/** All far ends together. */
export interface FarEndSeen {
  /** MQTT CONNECTs that came in this second, and those of them beyond the quota. */
  readonly connects: number;
  readonly overQuota: number;
  readonly messages: number;
}

/** What k6 cannot show. */
export interface ProbeSeen {
  /** The same message over tunnels and past the proxy, at the same moments: what the proxy adds is the difference. From the moment to the answer. */
  readonly directUs: SparseHistogram;
  readonly throughUs: SparseHistogram;
  /** Turns on either side that are in neither: no answer came within `afterMs`, its session died, or there was none when the turn came. */
  readonly missing: { readonly past: number; readonly through: number; readonly afterMs: number };
  /** Stages of an open through each door that the nodes have. */
  readonly stages: readonly {
    readonly door: string;
    readonly stage: 'tcp' | 'tls' | 'connect' | 'upgrade' | 'connack';
    readonly us: SparseHistogram;
  }[];
  /** Refusals in full. */
  readonly refusals: readonly {
    readonly status: number;
    readonly reason: string;
    readonly count: number;
    /** Of those with a Retry-After; null where none had one. */
    readonly retryAfterSeconds: { readonly count: number; readonly least: number; readonly most: number } | null;
  }[];
}

/** What a reader has to know to believe the rest. */
export interface Honesty {
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryMib: number;
    readonly kernel: string;
    /** Who gets transparent huge pages: `always`, `madvise` or `never` (Linux, admin-guide/mm/transhuge). Older records have none of it. */
    readonly hugePages?: string;
  };
  readonly limits: { readonly descriptors: number; readonly portRange: string; readonly sysctls: Readonly<Record<string, string>> };
  /** Of pinhole, node, k6, go, squid, haproxy: where it took part. */
  readonly versions: Readonly<Record<string, string>>;
  /** A network namespace of its own. */
  readonly isIsolated: boolean;
  readonly isPrivileged: boolean;
  /** What the run is less than was meant, since it had no network of its own, in words; null where it is all of that. */
  readonly shrunk: string | null;
  /** Agents went through a fleet and to a far end of others, which were there before the run. */
  readonly isTarget: boolean;
  /** What is inside the tunnels. */
  readonly wire: 'plain' | 'tls';
  /** Mean 1-minute load of the machine before the run began. */
  readonly loadBefore: number;
}

// What the supervisor and its children say to each other, and what the supervisor says about them to whoever connects to its socket.

import type { TunnelSurvey } from './revoked.ts';

/** Child to supervisor, over the IPC channel. `full`: it has closed its listening sockets; `room`: it listens again, on its own. */
export type ChildMessage =
  | { readonly type: 'full' | 'room' }
  /** Control asks for a `view`: as good as what the supervisor's socket says, without a connection each second. */
  | { readonly type: 'ask' }
  /**
   * `word`: how it is, for control, which finds it at the supervisor and need not ask every carrier each second. `withinMs`: it rests, and beats again
   * within so long; BEAT_MS where it does not say.
   */
  | { readonly type: 'beat'; readonly word?: unknown; readonly withinMs?: number }
  /** A carrier of a generation that is about to take over has made everything, has tried itself, and waits for `accept`. */
  | { readonly type: 'warm' }
  /** It serves, by this configuration. */
  | { readonly type: 'ready'; readonly policyVersion: string }
  | StagingAnswer
  | SurveyAnswer;

/** Supervisor to child. `deadlineMs` counts from the moment the message is read: by then the child must have ended. */
export type SupervisorMessage =
  | { readonly type: 'stop'; readonly deadlineMs: number }
  | { readonly type: 'reopen' }
  | { readonly type: 'accept' }
  | { readonly type: 'view'; readonly view: SupervisorView }
  | RetireMessage
  | StagingMessage
  | SurveyMessage;

/**
 * To a carrier of a generation that another one has taken over from: accept no more, hand live tunnels over to the same slot of the generation
 * `heir`, close the others at `rate` a second until `deadlineMs` from now, and end when none is left. Said again when a number is another.
 */
export interface RetireMessage {
  readonly type: 'retire';
  readonly heir: number;
  readonly rate: number;
  readonly deadlineMs: number;
}

/**
 * A change of the configuration. `stage`: make everything of the settings in this file, and use nothing of it; `swap`: use it from now on; `drop`:
 * forget it. Each attempt is a turn of its own.
 */
export type StagingMessage =
  | { readonly type: 'stage'; readonly turn: number; readonly file: string }
  | { readonly type: 'swap' | 'drop'; readonly turn: number };

export type StagingAnswer =
  | { readonly type: 'staged'; readonly turn: number }
  | { readonly type: 'refused'; readonly turn: number; readonly why: string }
  | { readonly type: 'swapped'; readonly turn: number; readonly policyVersion: string };

/** To a carrier: which of your tunnels would the settings in this file close? It closes none, and takes nothing of them into use. */
export interface SurveyMessage {
  readonly type: 'survey';
  readonly turn: number;
  readonly file: string;
}

export interface SurveyAnswer {
  readonly type: 'surveyed';
  readonly turn: number;
  /** A text says why there is none. */
  readonly survey: TunnelSurvey | string;
}

export const BEAT_MS = 1_000;
/** A child that rests beats so seldom; only where it is told to in REST_ENV, since a supervisor of an earlier version would take it to hang. */
export const REST_MS = 4_000;
export const REST_ENV = 'PINHOLE_REST_MS';

/** How seldom this child may have its turns while it rests, by what its supervisor said in REST_ENV; null where that one knows no rest. */
export function restAllowedMs(said: string | undefined): number | null {
  const ms = Number(said);
  return Number.isFinite(ms) && ms > BEAT_MS ? ms : null;
}

/**
 * `warm` waits for the rest of its generation; `full` is alive and has stopped accepting for want of descriptors; `retired` only holds the tunnels
 * that it has; `down` waits to be started again, or is gone for good where its generation is retired.
 */
export const CHILD_STATES = ['starting', 'warm', 'ready', 'full', 'retired', 'stopping', 'down'] as const;
export type ChildState = (typeof CHILD_STATES)[number];

export interface ChildView {
  readonly state: ChildState;
  readonly pid: number | null;
  /** The configuration that it runs by; null while it does not serve. */
  readonly policyVersion: string | null;
  /** How often it was started again since `serve` began. */
  readonly restarts: number;
}

export interface SlotView extends ChildView {
  readonly generation: number;
  readonly slot: number;
  readonly row: number;
  /** With its last beat; null before the first, and missing where the supervisor is of a version that passes none on. */
  readonly word?: Word | null;
}

export interface Word {
  readonly said: unknown;
  readonly ageMs: number;
  /** At most this age, for it will have said another by then; missing where the supervisor is of a version that knows no rest. */
  readonly withinMs?: number;
}

export const GENERATION_STATES = ['rising', 'current', 'retired'] as const;

/** All carriers of one version and one start. */
export interface GenerationView {
  readonly generation: number;
  readonly version: string;
  /** The folder of the installation that it runs from. */
  readonly from: string;
  readonly state: (typeof GENERATION_STATES)[number];
  /** Of that state, by the wall clock. */
  readonly sinceMs: number;
  /** By when a retired one is gone, by the wall clock; null of the others. */
  readonly deadlineAtMs: number | null;
}

interface BoundAddress {
  readonly host: string;
  readonly port: number;
}

/** One JSON text, written to whoever connects to the supervisor's socket. */
export interface SupervisorView {
  readonly pid: number;
  readonly node: string;
  /** Of the generation that accepts. */
  readonly version: string;
  readonly generation: number;
  /** That one first, then those before it, the youngest first; a rising one last. */
  readonly generations: readonly GenerationView[];
  readonly startedMs: number;
  readonly stopping: boolean;
  readonly listeners: readonly (BoundAddress & { readonly name: string })[];
  readonly health: BoundAddress;
  readonly admin: BoundAddress;
  /** In the order of the generations; of those before, carriers that are gone are left out. */
  readonly slots: readonly SlotView[];
  readonly control: ChildView;
  readonly capacity: Capacity;
  readonly configuration: ConfigurationView;
}

export const RELOAD_OUTCOMES = ['taken', 'unchanged', 'bad', 'at-start', 'failed'] as const;
/**
 * What became of a change of the configuration. `bad`: the file has mistakes; `at-start`: what it changes takes effect at a start only; `failed`:
 * something else was in the way. In all three the node goes on by the last good one.
 */
export type ReloadOutcome = (typeof RELOAD_OUTCOMES)[number];

/** Whether one process of the node has it. */
export interface Taking {
  /** `carrier 0`, `control` */
  readonly who: string;
  readonly took: boolean;
  /** Why it has not. */
  readonly why: string | null;
}

export interface ReloadResult {
  readonly outcome: ReloadOutcome;
  /** The exit code of `reload`. */
  readonly code: number;
  /** Who asked: `SIGHUP`, `file`, or who gave the command. */
  readonly by: string;
  readonly file: string;
  readonly atMs: number;
  readonly tookMs: number;
  /** In use now, since when by the wall clock, and before. */
  readonly policyVersion: string;
  readonly sinceMs: number;
  readonly before: string;
  /** Top-level keys whose values are others now. */
  readonly changed: readonly string[];
  /** `FILE:LINE:COL: path: message` */
  readonly problems: readonly string[];
  readonly atStart: readonly AtStartChange[];
  readonly carriers: readonly Taking[];
  readonly control: Taking | null;
  /** One sentence where it failed. */
  readonly why: string | null;
}

export const DRY_RUN_OUTCOMES = ['would-take', 'unchanged', 'bad', 'at-start', 'failed'] as const;
/** What would become of a change of the configuration, in the words of a ReloadOutcome. */
export type DryRunOutcome = (typeof DRY_RUN_OUTCOMES)[number];

/** What one carrier says of its tunnels. */
export interface CarrierSurvey {
  readonly generation: number;
  /** `carrier 0` */
  readonly who: string;
  /** Null where there is none, and `why` says for what reason. */
  readonly survey: TunnelSurvey | null;
  readonly why: string | null;
}

export interface DryRunResult {
  readonly outcome: DryRunOutcome;
  /** The exit code of `reload --dry-run`. */
  readonly code: number;
  /** The file that was read, and the one that the node runs by. */
  readonly file: string;
  readonly running: string;
  /** In use, and what it would be; null where the file was not taken. */
  readonly before: string;
  readonly policyVersion: string | null;
  readonly changed: readonly string[];
  readonly problems: readonly string[];
  readonly atStart: readonly AtStartChange[];
  /** `policy.revoked` and `drain.rate` of the file: whether what is revoked is closed, and how many a second. */
  readonly revoked: 'close' | 'keep' | null;
  readonly rate: number | null;
  /** Of retired generations too. */
  readonly carriers: readonly CarrierSurvey[];
  readonly why: string | null;
}

export const UPGRADE_OUTCOMES = ['upgraded', 'bad', 'at-start', 'refused', 'failed'] as const;
/**
 * What became of an upgrade. `bad`: the configuration has mistakes for that version; `at-start`: it needs a start of the node; `refused`: not now;
 * `failed`: the new generation did not do. In all but the first the node goes on as it was.
 */
export type UpgradeOutcome = (typeof UPGRADE_OUTCOMES)[number];

export interface UpgradeResult {
  readonly outcome: UpgradeOutcome;
  /** The exit code of `upgrade`. */
  readonly code: number;
  readonly by: string;
  readonly tookMs: number;
  /** That accepts now, and before. */
  readonly generation: number;
  readonly version: string;
  readonly before: { readonly generation: number; readonly version: string };
  readonly from: string;
  /** By when what could not be moved is closed, by the wall clock; null where nothing was changed. */
  readonly deadlineAtMs: number | null;
  /** `FILE:LINE:COL: path: message`, or keys that only a start takes. */
  readonly problems: readonly string[];
  /** One sentence where it is not `upgraded`. */
  readonly why: string | null;
}

/** Told while an upgrade is under way. */
export interface UpgradeNews {
  readonly step: 'waiting' | 'reading' | 'warming' | 'accepting' | 'proving';
  readonly generation: number | null;
  readonly version: string | null;
}

/** By which configuration the node runs. */
export interface ConfigurationView {
  readonly file: string;
  readonly policyVersion: string;
  /** Since when, by the wall clock. */
  readonly sinceMs: number;
  /** Attempts to change it, since the node began, that left it as it was though something else was asked for. */
  readonly failed: number;
  readonly last: ReloadResult | null;
}

/** A key of the file that only a start takes, and whose value is not the one that the node was started with. */
export interface AtStartChange {
  /** `listen[0].address` */
  readonly key: string;
  /** In words. */
  readonly running: string;
  readonly wanted: string;
}

/** What a node can hold, and what binds. */
export interface Capacity {
  /** `limits.tunnels` as configured. */
  readonly configured: number;
  /** min(configured, carriers x (nofile - 256) / 2). */
  readonly tunnels: number;
  /** One carrier's share of descriptors, as tunnels. */
  readonly perCarrier: number;
  readonly carriers: number;
  readonly nofile: number;
  readonly binds: 'limits.tunnels' | 'descriptors';
}

/** Whoever started the node, and wants to know how it is (sd_notify(3)): NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID of systemd. */
export interface ServiceManager {
  readonly socket: string;
  /** Silence for so long, and the node is ended; null where nobody watches. */
  readonly watchdogMs: number | null;
}

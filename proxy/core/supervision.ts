// What the supervisor and its children say to each other, and what the supervisor says about them to whoever connects to its socket.

/** Child to supervisor, over the IPC channel. `full`: it has closed its listening sockets; `room`: it listens again, on its own. */
export type ChildMessage = { readonly type: 'ready' | 'beat' | 'full' | 'room' };

/** Supervisor to child. `deadlineMs` counts from the moment the message is read: by then the child must have ended. */
export type SupervisorMessage = { readonly type: 'stop'; readonly deadlineMs: number } | { readonly type: 'reopen' };

export const BEAT_MS = 1_000;

/** `down` waits to be started again; `full` is alive and has stopped accepting for want of descriptors. */
export const CHILD_STATES = ['starting', 'ready', 'full', 'stopping', 'down'] as const;
export type ChildState = (typeof CHILD_STATES)[number];

export interface ChildView {
  readonly state: ChildState;
  readonly pid: number | null;
  /** How often it was started again since `serve` began. */
  readonly restarts: number;
}

export interface SlotView extends ChildView {
  readonly slot: number;
  readonly row: number;
}

interface BoundAddress {
  readonly host: string;
  readonly port: number;
}

/** One JSON text, written to whoever connects to the supervisor's socket. */
export interface SupervisorView {
  readonly pid: number;
  readonly node: string;
  readonly version: string;
  readonly generation: number;
  readonly startedMs: number;
  readonly stopping: boolean;
  readonly listeners: readonly (BoundAddress & { readonly name: string })[];
  readonly health: BoundAddress;
  readonly admin: BoundAddress;
  readonly slots: readonly SlotView[];
  readonly control: ChildView;
  readonly capacity: Capacity;
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

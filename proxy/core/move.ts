// The live move of a carrier's tunnels to the carrier of the same slot in another generation: what is said of it, and why a tunnel stays.

/** Why a tunnel was not moved: it goes on where it is. */
export const STAY_REASONS = [
  /** It is TLS, or on Node's sockets: its state cannot leave the process. */
  'bound',
  /** It is being opened: the next move can take it. */
  'opening',
  /** One side of it is gone, or it was told to close. */
  'ending',
  /** The kernel did not take its message. */
  'unsendable',
  /** Nobody listens there, or whoever did is gone. */
  'no-receiver',
  /** The other carrier has no room for it. */
  'full',
  /** The other carrier does not understand it: it is of another version. */
  'version',
  /** It did not arrive whole: the other carrier has no descriptors left. */
  'unreadable',
  /** This carrier was told to stop. */
  'stopping',
] as const;
export type StayReason = (typeof STAY_REASONS)[number];

/** What holds for every tunnel behind the one that met it. */
export const FINAL_REASONS: ReadonlySet<StayReason> = new Set(['no-receiver', 'full', 'stopping']);

/** One move, under way or over. */
export interface MoveView {
  /** The generation that takes the tunnels. */
  readonly to: number;
  readonly isOver: boolean;
  /** Tunnels that live there now, or have ended there since. */
  readonly moved: number;
  /** Sent, or about to be, and not answered yet. */
  readonly onTheWay: number;
  /** Those that were looked at and stayed here, by reason; reasons without any are left out. */
  readonly stayed: Readonly<Partial<Record<StayReason, number>>>;
}

/** How a carrier is told to move its tunnels. */
export interface Moving {
  /** Begins a move, or looks at the one to this generation that is under way; null while one to another generation is. */
  start(to: number): MoveView | null;
  /** The move that is under way, or the last one; null before the first. */
  view(): MoveView | null;
}

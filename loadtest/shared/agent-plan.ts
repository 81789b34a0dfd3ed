// What a k6 process is told: a JSON file whose path is in __ENV.PLAN. The same plan goes to every process of a run; execution segments divide the VUs.
// No dependency: k6 runs this file too.

/** What the agents do once they are up. */
export type Work =
  /** Each sends an MQTT PINGREQ every `everySeconds`, its first at a random moment of that time. */
  | { readonly kind: 'ping'; readonly everySeconds: number }
  /** All together publish at these rates, one after the other; the far end sends each message back. */
  | { readonly kind: 'messages'; readonly bytes: number; readonly steps: readonly Step[] }
  /**
   * Sessions open at these rates instead of `opensPerSecond`, stay that long, and close; none is tried twice, and each has a client id of its
   * own. `tunnels` is how many may stand at once: what would go beyond is not tried, and fails as `generator-full`.
   */
  | { readonly kind: 'opens'; readonly staySeconds: number; readonly steps: readonly Step[] };

export interface Step {
  /** Of all processes together. */
  readonly perSecond: number;
  readonly seconds: number;
  /** More than the fleet is expected to do: shown in the report, and left out of `achievedRate`. */
  readonly isBeyondKnee?: true;
}

export interface AgentPlan {
  /** `ws://NAME:443/mqtt` (plain inside the tunnel) or `wss://...`, presigned where the far end wants that. */
  readonly url: string;
  /** Unix ms at which the first agent opens: the same for all processes. */
  readonly beginsMs: number;
  /** Unix ms from which on the agents close, 2,000 a second, and with the last of them the iterations end. */
  readonly endsMs: number;
  readonly tunnels: number;
  /** Of all processes, and at least as many as those; agent n belongs to VU n mod vus, and opens n / opensPerSecond after the begin (and the rest). */
  readonly vus: number;
  readonly opensPerSecond: number;
  /** Of all processes, first tries and others together: no more, whatever fails or is late (shared/pacer.ts). Null: any number. */
  readonly triesPerSecond: number | null;
  /** Between the first half of the agents and the second. */
  readonly restSeconds: number;
  readonly work: Work;
  /** Full jitter: the n-th wait of an agent is random below min(cap, first * 2^n). */
  readonly backoff: { readonly firstMs: number; readonly capMs: number };
  readonly clientIdPrefix: string;
}

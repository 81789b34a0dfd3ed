// The scenarios, as data. What each is for is in its summary; why a bound is where it is, in its threshold.

import { REST_S } from './rest.ts';
import type { Step, Work } from './shared/agent-plan.ts';
import type { FigureName, Scenario, ScenarioEvent, Threshold } from './scenario.ts';

/** CONNECTs per second that AWS IoT takes from an account whose quota was not raised (AWS IoT Core endpoints and quotas). */
export const AWS_CONNECTS_PER_SECOND = 500;

const MINUTE = 60;
/** `limits.idle` of a node whose configuration says nothing (docs/configuration.md). */
export const NODE_IDLE_S = 31 * MINUTE;
const HOUR = 3_600;
const DECADE = 10 * 365 * 24 * HOUR;
/** A ping a minute, as an agent behind a firewall of short memory does. */
const PING: Work = { kind: 'ping', everySeconds: MINUTE };

const atMost = (figure: FigureName, value: number, why: string): Threshold => ({ figure, is: 'at most', value, why });
const atLeast = (figure: FigureName, value: number, why: string): Threshold => ({ figure, is: 'at least', value, why });

const OPENS = atLeast('openSuccess', 0.999, 'an agent that is refused comes back, but the firewall admin gets the call');
const NO_DROPS = atMost('unexpectedDrops', 0, 'nobody asked for it');
const SURVIVORS = atMost('survivorsDropped', 0, 'what happens to one node is no matter of the others');
const BACK = atLeast('backAtEnd', 0.99, 'a fault that is over and leaves agents outside is not over');
const ANSWERED = atLeast('messagesAnswered', 0.999, 'a tunnel that stands and carries nothing is worse than one that ends');
const ACHIEVED = atLeast('achievedRate', 0.95, 'below that the generator did not ask for what the scenario says');
const GENERATOR = atMost('generatorShare', 0.8, 'beyond that the run says more of k6 than of the proxy (k6: running large tests)');
const DESCRIPTORS = atMost('descriptorsBackSeconds', 60, 'a descriptor that stays is a tunnel less');
const WITHIN_QUOTA = atMost('connectsOverQuota', 0, 'AWS IoT refuses them for the whole account');
const RETRY_AFTER = atLeast('refusalsWithRetryAfter', 1, 'an agent that is told nothing comes back at once');
/** 1.23 KiB is what docs/performance.md measures for an idle tunnel; a tenth more is for another machine. */
const MEMORY = atMost('kibPerTunnel', 1.35, 'a tenth over what the relay costs in docs/performance.md');

/** Half a second in which everybody stands still is 400 ms of it; 100 are the most that the calm before may have (report/beside.ts). */
const UNNOTICED = atMost('besideP99Us', 250_000, 'who behaves must not pay for who does not');
/** `limits.perTunnelBuffer` is 256 KiB; a quarter more is for the tunnel itself, and for garbage that is not collected yet. */
const HELD = atMost('kibPerSlowReader', 320, 'a tunnel may hold 256 KiB for a reader that is slow, or one agent takes the memory of all');

const STEADY = [OPENS, NO_DROPS, ANSWERED, GENERATOR, DESCRIPTORS] as const;

const BASE: Scenario = {
  name: 'base',
  summary: '',
  through: 'pinhole',
  to: 'far-end',
  nodes: 2,
  tunnels: 10_000,
  opensPerSecond: 200,
  restSeconds: 0,
  holdSeconds: 5 * MINUTE,
  work: PING,
  quota: null,
  idleSeconds: null,
  events: [],
  thresholds: STEADY,
};

const make = (name: string, summary: string, what: Partial<Scenario>): Scenario => ({ ...BASE, ...what, name, summary });

const hold = (name: string, tunnels: number, more: Partial<Scenario> = {}): Scenario =>
  make(name, `${tunnels.toLocaleString('en')} tunnels come up and stay, with a ping a minute: what does a tunnel cost, and does it last?`, {
    tunnels,
    holdSeconds: 10 * MINUTE,
    thresholds: [...STEADY, ACHIEVED],
    ...more,
  });

/** The same few thousand tunnels past the proxy and through others: the difference is what a proxy costs. */
const baseline = (through: Scenario['through'], summary: string): Scenario =>
  make(through, summary, {
    through,
    nodes: 1,
    tunnels: 5_000,
    holdSeconds: 3 * MINUTE,
    thresholds: [OPENS, NO_DROPS, ANSWERED, GENERATOR],
  });

/** A minute each: what two shared cores are expected to do, and then what they are not. */
const minuteSteps = (below: readonly number[], beyond: readonly number[]): Step[] => [
  ...below.map((perSecond) => ({ perSecond, seconds: MINUTE })),
  ...beyond.map((perSecond) => ({ perSecond, seconds: MINUTE, isBeyondKnee: true as const })),
];

/** Half a minute of ramp's end is left alone first, so that there is something to compare with. */
const CALM_S = 30;
const event = (after: number, what: DistributiveOmit<ScenarioEvent, 'after'>): ScenarioEvent => ({ ...what, after: CALM_S + after });
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** 50,000 agents at 400 a second: four fifths of the quota, so that the ramp itself never meets it. */
const FLEET: Partial<Scenario> = { nodes: 3, tunnels: 50_000, opensPerSecond: 400, quota: AWS_CONNECTS_PER_SECOND };

/**
 * No agent can be dropped twice before the close, so that a thousand drops are each of them, once; and each is back within a second, as after
 * any session of more than 30 s.
 */
const SILENT: Partial<Scenario> = {
  ...{ tunnels: 1_000, opensPerSecond: 100 },
  // A first ping is at a random moment of this: within a year's it would be, for one of them in one run of sixteen, within half an hour.
  work: { kind: 'ping', everySeconds: DECADE },
  thresholds: [
    OPENS,
    atLeast('unexpectedDrops', 1_000, 'each of the thousand was silent for longer than it may be'),
    atMost('unexpectedDrops', 1_000, 'what is back has done nothing for which it might be ended again'),
    BACK,
    DESCRIPTORS,
  ],
};

export const SCENARIOS: readonly Scenario[] = [
  make('smoke', 'Every check on, TLS and SigV4 inside the tunnels, against the sandbox’s stand-in of AWS IoT: does it work at all?', {
    to: 'sandbox',
    nodes: 1,
    tunnels: 200,
    opensPerSecond: 20,
    holdSeconds: 50,
    work: { kind: 'ping', everySeconds: 10 },
    thresholds: [OPENS, NO_DROPS, ANSWERED, DESCRIPTORS],
  }),
  hold('hold', 10_000),
  hold('hold-25k', 25_000),
  hold('hold-50k', 50_000, { opensPerSecond: 150, restSeconds: REST_S, thresholds: [...STEADY, ACHIEVED, MEMORY] }),
  make('messages', 'Rising rates of messages over 2,000 tunnels: where is the knee, and what does a message cost?', {
    tunnels: 2_000,
    holdSeconds: 8 * MINUTE,
    work: {
      kind: 'messages',
      bytes: 256,
      steps: minuteSteps([500, 1_000, 2_000], [3_000, 4_000, 6_000, 8_000, 12_000]),
    },
    thresholds: [OPENS, NO_DROPS, ACHIEVED, DESCRIPTORS],
  }),
  make('opens', 'Rising rates of opens, each session ten seconds long: where is the knee, and what does an open cost?', {
    tunnels: 10_000,
    holdSeconds: 6 * MINUTE,
    work: {
      kind: 'opens',
      staySeconds: 10,
      steps: minuteSteps([50, 100, 200], [400, 700, 1_000]),
    },
    thresholds: [OPENS, NO_DROPS, ACHIEVED, DESCRIPTORS],
  }),
  make('storm', 'One node of three dies with all its tunnels: are they back as fast as the quota of AWS IoT allows, and no faster?', {
    ...FLEET,
    holdSeconds: 4 * MINUTE,
    events: [event(0, { do: 'kill-node', node: 0 })],
    thresholds: [
      OPENS,
      SURVIVORS,
      WITHIN_QUOTA,
      RETRY_AFTER,
      atMost('recoveryByQuota', 1.5, 'half as long again as the quota itself takes'),
      BACK,
      GENERATOR,
      DESCRIPTORS,
    ],
  }),
  make('drain', 'A node of three is drained and taken back: do its tunnels move at a pace, and do the others stay?', {
    ...FLEET,
    tunnels: 3_000,
    opensPerSecond: 100,
    holdSeconds: 5 * MINUTE,
    events: [event(0, { do: 'drain-node', node: 0 }), event(4 * MINUTE, { do: 'undrain-node', node: 0 })],
    thresholds: [
      OPENS,
      atLeast('drainedShare', 0.99, 'a node that keeps tunnels takes them with it when it is replaced'),
      atMost('drainPace', 1, 'tunnels that are closed faster come back faster than the quota has room for'),
      SURVIVORS,
      BACK,
      WITHIN_QUOTA,
      DESCRIPTORS,
    ],
  }),
  make('upgrade', 'A node is upgraded under load: is no tunnel lost, and what does it cost meanwhile?', {
    tunnels: 10_000,
    holdSeconds: 4 * MINUTE,
    events: [event(0, { do: 'upgrade-node', node: 0 }), event(90, { do: 'upgrade-node', node: 1 })],
    thresholds: [OPENS, atMost('unexpectedDrops', 0, 'tunnels in clear are moved, not closed (docs/upgrade.md)'), ANSWERED, GENERATOR],
  }),
  make('brownout', 'AWS IoT takes fewer connects, dies, and comes back: does the fleet wait, and recover by itself?', {
    ...FLEET,
    tunnels: 5_000,
    opensPerSecond: 100,
    holdSeconds: 8 * MINUTE,
    events: [
      event(0, { do: 'throttle', connectsPerSecond: 50 }),
      event(30, { do: 'far-end-dies' }),
      event(60, { do: 'far-end-returns' }),
      event(4 * MINUTE, { do: 'throttle', connectsPerSecond: AWS_CONNECTS_PER_SECOND }),
    ],
    thresholds: [
      OPENS,
      atLeast('unexpectedDrops', 4_950, 'all but a few that were not up: a far end that is gone and takes no session with it was not gone'),
      BACK,
      WITHIN_QUOTA,
      GENERATOR,
      DESCRIPTORS,
    ],
  }),
  make('slow', 'Clients that read nothing, or a byte a second, beside good tunnels: do the good ones notice, and is memory bounded?', {
    tunnels: 2_000,
    holdSeconds: 3 * MINUTE,
    work: { kind: 'ping', everySeconds: 10 },
    events: [
      event(0, { do: 'slow-readers', count: 500, bytesPerSecond: 0, seconds: MINUTE }),
      event(MINUTE + 10, { do: 'slow-readers', count: 200, bytesPerSecond: 1, seconds: MINUTE }),
    ],
    thresholds: [OPENS, NO_DROPS, ANSWERED, UNNOTICED, HELD, DESCRIPTORS],
  }),
  make('flood', 'Connections that are refused, say nothing, or stall in the head, beside good tunnels: do the good ones notice?', {
    tunnels: 2_000,
    holdSeconds: 4 * MINUTE,
    work: { kind: 'ping', everySeconds: 10 },
    events: [
      // A node answers 50 in a second of one source, and while more come it closes them without a word.
      event(0, { do: 'flood', kind: 'refused', perSecond: 200, seconds: 50 }),
      event(MINUTE, { do: 'flood', kind: 'half-open', perSecond: 100, seconds: 50 }),
      event(2 * MINUTE, { do: 'flood', kind: 'stalled-head', perSecond: 100, seconds: 50 }),
    ],
    thresholds: [OPENS, NO_DROPS, ANSWERED, UNNOTICED, DESCRIPTORS],
  }),
  make('idle', 'Silence just below `limits.idle`, made short: does a tunnel live that only pings?', {
    ...{ tunnels: 1_000, opensPerSecond: 100, holdSeconds: 3 * MINUTE, idleSeconds: 20 },
    work: { kind: 'ping', everySeconds: 18 },
    thresholds: [OPENS, NO_DROPS, ANSWERED, DESCRIPTORS],
  }),
  make('idle-beyond', 'Silence beyond `limits.idle`, made short: is each such tunnel ended, does its agent see it, and is it back?', {
    ...SILENT,
    ...{ holdSeconds: 80, idleSeconds: 50 },
  }),
  make('idle-real', 'A ping in 20 minutes, the longest keep-alive of AWS IoT, beyond the 350 s after which a load balancer forgets.', {
    ...{ tunnels: 1_000, opensPerSecond: 100, holdSeconds: 65 * MINUTE },
    work: { kind: 'ping', everySeconds: 20 * MINUTE },
    thresholds: [OPENS, NO_DROPS, ANSWERED, DESCRIPTORS],
  }),
  make('idle-beyond-real', 'Silence beyond the 31 minutes that a node allows by itself: is each such tunnel ended, and its agent back?', {
    ...SILENT,
    // A node looks for silent tunnels now and then: two minutes for it, and for what is said of the last one.
    holdSeconds: NODE_IDLE_S + 2 * MINUTE,
  }),
  make('soak', 'Hours of the same: does memory grow?', {
    ...{ tunnels: 5_000, holdSeconds: 4 * HOUR },
    thresholds: [...STEADY, atMost('memoryGrowthPerHour', 0.02, 'a node that grows by 2 % an hour has doubled within two days')],
  }),
  baseline('direct', 'The agents without a proxy: what does the far end, k6 and this machine cost by themselves?'),
  baseline('squid', 'The same agents through Squid, where it is installed.'),
  baseline('haproxy', 'The same agents through HAProxy as a TCP relay (it knows no CONNECT), where it is installed.'),
];

export function findScenario(name: string): Scenario | null {
  return SCENARIOS.find((scenario) => scenario.name === name) ?? null;
}

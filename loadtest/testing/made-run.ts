// A run that never was, second by second as the rig would have seen it, for tests and for looking at a report without waiting for one.
// The same arguments give the same record. It is marked as synthetic, and so is whatever is made of it.

import type { AgentsSeen, Honesty, Mark, NodeSeen, Phase, ProbeSeen, RunRecord, Second } from '../run-record.ts';
import type { Scenario } from '../scenario.ts';
import type { Step } from '../shared/agent-plan.ts';
import { Histogram, type SparseHistogram } from '../shared/histogram.ts';

export interface Made {
  readonly scenario?: Partial<Scenario>;
  readonly tunnels?: number;
  readonly nodes?: number;
  readonly rampSeconds?: number;
  /** Half way of the ramp. */
  readonly restSeconds?: number;
  readonly holdSeconds?: number;
  readonly closeSeconds?: number;
  /** Messages or opens at these rates after the ramp, in place of the hold. */
  readonly steps?: { readonly of: 'messages' | 'opens'; readonly rates: readonly Step[]; readonly mostPerSecond: number };
  /** A node is killed so many seconds into the hold, and its agents come back at that rate. */
  readonly kill?: { readonly after: number; readonly backPerSecond: number };
  readonly kibPerTunnel?: number;
  readonly growthKibPerSecond?: number;
  /** What a carrier has of it, at most. */
  readonly garbageKib?: number;
  readonly k6Cores?: number;
}

const HONESTY: Honesty = {
  machine: { cpu: 'made up, 2.9 GHz', cores: 2, memoryMib: 24_000, kernel: 'Linux 6.18 x86_64', hugePages: 'madvise' },
  limits: { descriptors: 20_000, portRange: '1024-65535', sysctls: { 'net.core.somaxconn': '4096', 'net.ipv4.tcp_tw_reuse': '1' } },
  versions: { pinhole: '0.1.0', node: 'v26.10.0', k6: 'v2.2.0', go: 'go1.25.1' },
  isIsolated: true,
  isPrivileged: true,
  shrunk: null,
  isTarget: false,
  wire: 'plain',
  loadBefore: 0.3,
};

/** Through each of its doors the probe gets so many times. */
const PROBE_OPENS = 60;
const PROBE_CONNECTS = 2 * PROBE_OPENS;
const BEGAN_MS = Date.parse('2026-01-02T03:04:05.000Z');
/** Anonymous KiB of a node without a tunnel. */
const EMPTY_KIB = 160_000;
/** CPU seconds of the proxies for one open, and for one message there and back. */
const OPEN_CPU_S = 0.00016;
const MESSAGE_CPU_S = 0.000013;

export function madeRun(made: Made = {}): RunRecord {
  const { tunnels = 6_000, nodes = 3, rampSeconds = 60, restSeconds = 0, holdSeconds = 300, closeSeconds = 10, steps, kill } = made;
  const scenario: Scenario = {
    name: 'hold',
    summary: 'Do the tunnels stay?',
    through: 'pinhole',
    to: 'far-end',
    nodes,
    tunnels,
    opensPerSecond: tunnels / rampSeconds,
    restSeconds,
    holdSeconds,
    work: steps === undefined ? { kind: 'ping', everySeconds: 60 } : workOf(steps),
    quota: 500,
    idleSeconds: null,
    events: kill === undefined ? [] : [{ after: kill.after, do: 'kill-node', node: 0 }],
    thresholds: [],
    ...made.scenario,
  };
  const phases = phasesOf(made, rampSeconds, restSeconds, holdSeconds, closeSeconds);
  const end = phases.at(-1)?.to ?? 0;
  const names = Array.from({ length: nodes }, (_, index) => `node-${index + 1}`);
  const random = randomFrom(7);
  const killedAt = kill === undefined ? Infinity : rampSeconds + restSeconds + kill.after;
  const lost = kill === undefined ? 0 : Math.floor(tunnels / nodes);
  const seconds: Second[] = [];
  const opens = Object.fromEntries(names.map((name) => [name, PROBE_CONNECTS / nodes]));

  for (let at = 0; at < end; at += 1) {
    const phase = phases.find(({ from, to }) => from <= at && at < to);
    const isClosing = phase?.kind === 'close';
    const rested = Math.max(0, Math.min(at + 1 - rampSeconds / 2, restSeconds));
    const rampedUp = Math.min(tunnels, Math.round(((at + 1 - rested) * tunnels) / rampSeconds));
    const backAgain = at < killedAt ? 0 : Math.min(lost, (at - killedAt) * (kill?.backPerSecond ?? 0));
    const established = isClosing ? 0 : rampedUp - (at < killedAt ? 0 : lost - backAgain);
    const before = seconds.at(-1)?.agents.established ?? 0;
    const dropped = at === killedAt ? lost : 0;
    const step = phase?.kind === 'step' ? (phase.askedPerSecond ?? 0) : 0;
    const done = Math.min(step, steps?.mostPerSecond ?? step);
    const churned = steps?.of === 'opens' ? done : 0;
    const opened = Math.max(0, established - before + dropped) + churned;
    const pings = isClosing ? 0 : Math.round(established / 60);
    const sent = steps?.of === 'messages' && step > 0 ? step : pings;
    const back = steps?.of === 'messages' && step > 0 ? done : pings;
    const alive = names.filter((_, index) => index > 0 || at < killedAt);
    for (const name of alive) opens[name] = (opens[name] ?? 0) + opened / alive.length;

    const agents: AgentsSeen = {
      established,
      wanted: isClosing ? 0 : rampedUp,
      tried: steps?.of === 'opens' && step > 0 ? step : opened,
      opened,
      failed: step > done && steps?.of === 'opens' ? { NODE_RATE_LIMITED: step - done } : {},
      dropped: dropped > 0 ? { '1006': dropped } : {},
      closed: isClosing ? before : churned,
      sent,
      back,
      unanswered: sent - back,
      openUs: around(9_000, opened, random),
      dialUs: around(7_500, opened, random),
      connackUs: around(1_400, opened, random),
      roundTripUs: around(step > done ? 90_000 : 700, back, random),
    };
    const empty = alive.length * EMPTY_KIB + at * (made.growthKibPerSecond ?? 0);
    const userKib = empty + established * (made.kibPerTunnel ?? 1.2);
    const proxyCpu = 0.05 + opened * OPEN_CPU_S + back * MESSAGE_CPU_S;
    seconds.push({
      at,
      agents,
      nodes: Object.fromEntries(
        names.map((name) => [name, alive.includes(name) ? nodeSeen(established / alive.length, opens[name] ?? 0, random) : null]),
      ),
      roles: {
        pinhole: {
          cpuSeconds: proxyCpu,
          userKib: userKib + 400 * random(),
          descriptors: alive.length * 60 + 2 * established,
        },
        k6: {
          cpuSeconds: made.k6Cores ?? 0.3 + opened * 0.0008,
          userKib: 90_000 + established * 80,
          descriptors: 20 + established,
        },
        'far-end': {
          cpuSeconds: 0.1 + opened * 0.0001,
          userKib: 60_000 + established * 6,
          descriptors: 30 + established,
        },
      },
      carriersKib: alive.flatMap(() =>
        Array.from(
          { length: 3 },
          () => 60_000 + (established * (made.kibPerTunnel ?? 1.2)) / alive.length / 3 + (made.garbageKib ?? 400) * random(),
        ),
      ),
      kernel: {
        socketMemoryKib: 200 + Math.round(20 * random()),
        timeWait: isClosing ? established : Math.round(churned * 20),
      },
      farEnd: { connects: opened, overQuota: 0, messages: back },
    });
  }

  return {
    format: 1,
    isSynthetic: true,
    scenario,
    began: new Date(BEGAN_MS).toISOString(),
    ended: 'whole',
    troubles: [],
    honesty: HONESTY,
    machine: null,
    lostTicks: 0,
    phases,
    marks: kill === undefined ? [] : [killedMark(killedAt, lost)],
    seconds,
    probe: probeSeen(random),
    descriptors: { before: 180, after: 181, backAtMs: BEGAN_MS + (lastClose(seconds) + 1 + 4) * 1_000 },
  };
}

function lastClose(seconds: readonly Second[]): number {
  return seconds.findLast(({ agents }) => agents.closed > 0)?.at ?? -1;
}

function workOf({ of, rates }: NonNullable<Made['steps']>): Scenario['work'] {
  return of === 'opens' ? { kind: 'opens', staySeconds: 5, steps: rates } : { kind: 'messages', bytes: 256, steps: rates };
}

function phasesOf({ steps, kill }: Made, ramp: number, rest: number, hold: number, close: number): readonly Phase[] {
  const phases: Phase[] = [];
  let at = 0;
  const add = (phase: Omit<Phase, 'from' | 'to'>, length: number): void => {
    phases.push({ ...phase, from: at, to: at + length });
    at += length;
  };
  if (rest > 0) {
    add({ name: 'ramp', kind: 'ramp' }, ramp / 2);
    add({ name: 'rest', kind: 'rest' }, rest);
  }
  add({ name: 'ramp', kind: 'ramp' }, rest > 0 ? ramp / 2 : ramp);
  if (steps !== undefined)
    for (const { perSecond, seconds } of steps.rates) add({ name: `${perSecond}/s`, kind: 'step', askedPerSecond: perSecond }, seconds);
  else if (kill === undefined) add({ name: 'hold', kind: 'hold' }, hold);
  else {
    add({ name: 'hold', kind: 'hold' }, kill.after);
    add({ name: 'storm', kind: 'fault' }, hold - kill.after);
  }
  add({ name: 'close', kind: 'close' }, close);
  return phases;
}

function killedMark(at: number, tunnels: number): Mark {
  return { at, what: 'kill-node node-1', event: 'kill-node', isPlanned: true, node: 'node-1', tunnels };
}

function nodeSeen(tunnels: number, opens: number, random: () => number): NodeSeen {
  return { tunnels: Math.round(tunnels), opens: { OK: Math.ceil(opens) }, closes: {}, eventLoopDelayMs: 1 + 3 * random() };
}

function probeSeen(random: () => number): ProbeSeen {
  const stage = (door: string, name: ProbeSeen['stages'][number]['stage'], us: number) => ({
    door,
    stage: name,
    us: around(us, PROBE_OPENS, random),
  });
  return {
    directUs: around(300, 2_000, random),
    throughUs: around(420, 2_000, random),
    missing: { past: 0, through: 0, afterMs: 10_000 },
    stages: [
      stage('connect', 'tcp', 90),
      stage('connect', 'connect', 1_300),
      stage('connect', 'upgrade', 500),
      stage('connect', 'connack', 420),
      stage('connect-tls', 'tcp', 95),
      stage('connect-tls', 'tls', 4_200),
      stage('connect-tls', 'connect', 1_900),
    ],
    refusals: [{ status: 503, reason: 'NODE_RATE_LIMITED', count: 40, retryAfterSeconds: { count: 40, least: 5, most: 29 } }],
  };
}

/** Values around a middle with a tail, as latencies have; at most 400 of them are drawn, and each counts for its part. */
function around(middle: number, count: number, random: () => number): SparseHistogram {
  const histogram = new Histogram();
  const draws = Math.min(400, Math.round(count));
  for (let draw = 0; draw < draws; draw += 1) {
    const value = middle * (0.6 + 0.6 * random() + (random() > 0.97 ? 4 * random() : 0));
    const copies = Math.floor(count / draws);
    for (let copy = 0; copy < copies; copy += 1) histogram.add(value);
  }
  return histogram.sparse();
}

/** Lehmer's generator: chance that is the same in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

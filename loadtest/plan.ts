// What a scenario needs of this machine, by arithmetic: processes, descriptors, ports, memory. What cannot be is refused with the sum. Pure.

import type { Scenario } from './scenario.ts';
import type { Work } from './shared/agent-plan.ts';

export interface Machine {
  readonly cores: number;
  /** What a program may still take. */
  readonly availableMib: number;
  /** RLIMIT_NOFILE, the hard one: Node and Go raise themselves to it. */
  readonly descriptors: number;
  /** Of the network that the run is in: first and last. */
  readonly portRange: readonly [number, number];
  /** A network of its own, with names and ports of its own. */
  readonly isIsolated: boolean;
}

export interface RigPlan {
  readonly generators: number;
  readonly vus: number;
  readonly farEnds: number;
  readonly carriers: number;
  /** `limits.tunnels` of each node. */
  readonly tunnelsPerNode: number;
  /** `limits.opensPerSecond` of each node. */
  readonly opensPerSecondPerNode: number;
  /** Of all machines together; null: any number. Agents of a rig that has a fleet of its own come as fast as the scenario says. */
  readonly triesPerSecond: number | null;
  readonly backoff: { readonly firstMs: number; readonly capMs: number };
  readonly sockets: number;
  readonly memoryMib: number;
  /** From the first agent to the last one up, with the rest half way; 0 where the scenario opens by steps. */
  readonly rampSeconds: number;
  /** From the first agent to the close. */
  readonly seconds: number;
}

/**
 * No k6 and no far end is given more, however many descriptors the machine allows: what one process was seen to bear, and what a far end drops
 * connections beyond (far-end/server.ts).
 */
export const PROCESS_SOCKETS_MAX = 17_000;
/** Of fewer descriptors: some are for what the process opens besides. */
const GENERATOR_SHARE = 0.85;
const FAR_END_SHARE = 0.8;
/** What a carrier keeps back (proxy/core/limits.ts, read by its effect: `pinhole check`), and two for each tunnel. */
const CARRIER_RESERVE = 256;
/** With fewer descriptors than this a process has hardly any for tunnels: Node, Go and their logs take dozens besides. */
const DESCRIPTORS_LEAST = 1_024;
/** The kernel deals connections to carriers by chance, k6 to nodes, and nodes to far ends: the fullest must still have room. */
const withRoom = (tunnels: number): number => tunnels + Math.ceil(tunnels / 10);
/** Beside the agents: the sessions of the probe. */
export const PROBE_SESSIONS = 20;
/** And the CONNECTs with which it looks, some of them past the nodes, which no node can hold back. */
export const PROBE_OPENS_PER_SECOND = 6;
/** A node counts the second up to now, the far end whole ones, and what a node lets through arrives a little later, and after a pause in lumps. */
const QUOTA_SHARE = 0.9;
/** Squid and HAProxy are one process each. */
const PEER_RESERVE = 500;
/** The endpoint of AWS IoT has several addresses, too. */
const FAR_ENDS_MIN = 2;
/**
 * Messages within a VU wait for each other, so several a core; and each VU tells once a second what it saw, which for two hundred of them was a
 * third of what k6 did (measured): a thousand sockets to one, that is, some twenty pings a second.
 */
const VUS_PER_CORE = 4;
const SOCKETS_PER_VU = 1_000;
/** A closed connection holds its port for a minute (TIME_WAIT). */
const TIME_WAIT_S = 60;
/**
 * An open that is on its way takes a place, too: with room for what stands by the schedule alone, opens of four seconds filled it, and the knee
 * was the rig's. Opens that take longer are those of a fleet that is far beyond it.
 */
const OPEN_TAKES_S = 5;
/** Where the fleet is under no quota, a node is not the one to hold opens back. */
const OPENS_WITHOUT_QUOTA = 100_000;

/** k6 with its four goroutines a socket: 153 to 168 KiB were seen, with half of the garbage collections (rig/generators.ts). */
export const GENERATOR_KIB_PER_SOCKET = 170;
/** Measured on two cores: a Node far end, a node's two sockets, and what the kernel has for each socket. */
const KIB = {
  perGenerator: GENERATOR_KIB_PER_SOCKET,
  perVu: 5_120,
  perFarEnd: 14,
  perTunnel: 4,
  perSocket: 3.8,
  perProcess: 90_000,
} as const;
const MEMORY_SHARE = 0.9;
/** Where it is to be had. */
const OWN_NETWORK = 'run this as root, or where a user may have namespaces (unshare -r -n true)';

/** The reference agent's: 1 s, then up to 120 s (agent/backoff.ts). */
const AGENT_BACKOFF = { firstMs: 1_000, capMs: 120_000 } as const;
/**
 * Of the time that the quota needs for the lost ones. With waits evenly below that, tries come faster than the quota takes them until a
 * sixth is left, and the rest is back within 1.4 times; a third more and the storm lasts for 1.7 times.
 */
const STORM_WAIT_SHARE = 0.36;
const STORM_WAIT_MIN_MS = 2_000;

export type Planned = { readonly ok: true; readonly plan: RigPlan } | { readonly ok: false; readonly refusals: readonly string[] };

/** `doors`: addresses that the agents dial, where they are not this rig's own; null where they are. */
export function planRun(scenario: Scenario, machine: Machine, doors: number | null = null): Planned {
  const { tunnels, nodes, quota, work, through } = scenario;
  const most = mostAtOnce(scenario);
  const survivors = nodes - lostNodes(scenario);
  const perNode = withRoom(Math.ceil((most + slowOf(scenario)) / survivors)) + PROBE_SESSIONS;
  if (machine.descriptors < DESCRIPTORS_LEAST) return { ok: false, refusals: [tooFewDescriptors(machine)] };
  const perCarrier = Math.floor((machine.descriptors - CARRIER_RESERVE) / 2);
  const generators = Math.ceil(most / socketsOf(machine, GENERATOR_SHARE));
  const vus = vusFor(most, machine.cores, generators);
  const rampSeconds = work.kind === 'opens' ? 0 : Math.ceil(tunnels / scenario.opensPerSecond) + scenario.restSeconds;
  const plan: RigPlan = {
    generators,
    vus,
    farEnds:
      scenario.to === 'sandbox'
        ? 1
        : Math.max(farEndsMin(machine, scenario), Math.ceil(withRoom(most) / socketsOf(machine, FAR_END_SHARE))),
    carriers: Math.max(1, Math.ceil(perNode / perCarrier)),
    tunnelsPerNode: perNode,
    opensPerSecondPerNode:
      quota === null ? OPENS_WITHOUT_QUOTA : Math.max(1, Math.floor((quota * QUOTA_SHARE - PROBE_OPENS_PER_SECOND) / survivors)),
    triesPerSecond: null,
    backoff: backoffFor(scenario),
    sockets: most * (through === 'direct' ? 2 : 4),
    memoryMib: 0,
    rampSeconds,
    seconds: rampSeconds + scenario.holdSeconds,
  };
  const whole = { ...plan, memoryMib: memoryOf(scenario, plan, most) };
  const refusals = [...refusalsOf(scenario, whole, machine, { most, doors })];
  return refusals.length > 0 ? { ok: false, refusals } : { ok: true, plan: whole };
}

/** k6 compiles the script once for each VU before its first second. */
const K6_START_MS = 3_000;
const K6_START_MS_PER_VU = 40;
/** Beyond it a date is mistyped. */
const AHEAD_MOST_MS = 7 * 86_400_000;

/**
 * When the first agent opens, in Unix ms: as soon as this machine's k6 is ready, or at the wished moment. In words where it would not be ready
 * by then, since the ramp would not be the one that was asked for; and where it is further ahead than anybody means.
 */
export function beginOf(wishedMs: number | null, vus: number, nowMs: number): number | string {
  const takesMs = K6_START_MS + K6_START_MS_PER_VU * vus;
  const readyMs = nowMs + takesMs;
  if (wishedMs !== null && wishedMs > nowMs + AHEAD_MOST_MS)
    return `${new Date(wishedMs).toISOString()} is ${Math.floor((wishedMs - nowMs) / 86_400_000)} days from now: a week is the most`;
  if (wishedMs === null || wishedMs >= readyMs) return wishedMs ?? readyMs;
  return `${new Date(wishedMs).toISOString()} is too soon or over: k6 needs ${Math.ceil(takesMs / 1_000)} s to be ready with ${vus} VUs, so the first agent can open at ${new Date(readyMs).toISOString()} or later`;
}

type Opens = Extract<Work, { kind: 'opens' }>;

/** The highest rate of a sweep. */
export function fastestOf({ steps }: Opens): number {
  return Math.max(...steps.map(({ perSecond }) => perSecond));
}

/** Sessions that stand at one moment of a sweep where an open takes no time: by the schedule. */
export function standingOf(work: Opens): number {
  return Math.ceil(fastestOf(work) * work.staySeconds);
}

/** Sessions at one moment, those that are on their way among them: what there is room for, in k6, in the nodes and in this machine. */
export function mostAtOnce({ work, tunnels }: Pick<Scenario, 'work' | 'tunnels'>): number {
  if (work.kind !== 'opens') return tunnels;
  return Math.max(tunnels, Math.ceil(fastestOf(work) * (work.staySeconds + OPEN_TAKES_S)));
}

/** Tunnels of slow readers at one moment, beside the agents' own: they come one group after the other. */
function slowOf({ events }: Scenario): number {
  return Math.max(0, ...events.map((event) => (event.do === 'slow-readers' ? event.count : 0)));
}

/** What slow readers ask for has to fill the kernel's buffers before a node holds anything of it: these must be small, in a network of our own. */
export function needsSmallBuffers({ events }: Pick<Scenario, 'events'>): boolean {
  return events.some((event) => event.do === 'slow-readers');
}

/** `closeShare` of FLEET.yaml: of the quota, planned work may use a quarter (healthcheck/fleet/quota.ts). */
const CLOSE_SHARE = 0.25;
const DRAIN_RATE_WITHOUT_QUOTA = 100;

/** `drain.rate` of each node. */
export function drainRate({ quota, nodes }: Pick<Scenario, 'quota' | 'nodes'>): number {
  return quota === null ? DRAIN_RATE_WITHOUT_QUOTA : Math.max(1, Math.floor((quota * CLOSE_SHARE) / nodes));
}

/** Nodes that are away at one moment, at most: the others have to hold everything. */
export function lostNodes({ events }: Pick<Scenario, 'events'>): number {
  let away = 0;
  let most = 0;
  for (const { do: what } of [...events].sort((one, other) => one.after - other.after)) {
    if (what === 'kill-node' || what === 'drain-node') away += 1;
    else if (what === 'start-node' || what === 'undrain-node') away -= 1;
    most = Math.max(most, away);
  }
  return most;
}

function socketsOf({ descriptors }: Machine, share: number): number {
  return Math.min(PROCESS_SOCKETS_MAX, Math.floor(descriptors * share));
}

function farEndsMin({ isIsolated }: Machine, { through }: Scenario): number {
  return !isIsolated && through === 'direct' ? 1 : FAR_ENDS_MIN;
}

function vusFor(sockets: number, cores: number, generators: number): number {
  const wanted = Math.min(sockets, Math.max(Math.ceil(sockets / SOCKETS_PER_VU), VUS_PER_CORE * cores));
  return Math.ceil(wanted / generators) * generators;
}

function backoffFor({ events, quota, tunnels, nodes }: Scenario): RigPlan['backoff'] {
  if (quota === null || !events.some((event) => event.do === 'kill-node')) return AGENT_BACKOFF;
  const waitMs = Math.max(STORM_WAIT_MIN_MS, Math.round((STORM_WAIT_SHARE * 1_000 * tunnels) / nodes / quota));
  return { firstMs: waitMs, capMs: waitMs };
}

function memoryOf({ nodes, through }: Scenario, { generators, vus, farEnds, carriers, sockets }: RigPlan, most: number): number {
  const processes = generators + farEnds + (through === 'direct' ? 0 : nodes * (carriers + 2));
  const kib =
    most * (KIB.perGenerator + KIB.perFarEnd + KIB.perTunnel) + vus * KIB.perVu + sockets * KIB.perSocket + processes * KIB.perProcess;
  return Math.ceil(kib / 1_024);
}

function tooFewDescriptors({ descriptors }: Machine): string {
  const room = Math.max(0, Math.floor((descriptors - CARRIER_RESERVE) / 2));
  return `a process may have ${descriptors} descriptors here; a node keeps ${CARRIER_RESERVE} of them back and has 2 for each tunnel, so room for ${room}: ${DESCRIPTORS_LEAST} are the least (ulimit -Hn)`;
}

interface Needs {
  readonly most: number;
  readonly doors: number | null;
}

function* refusalsOf(scenario: Scenario, plan: RigPlan, machine: Machine, { most, doors }: Needs): Generator<string> {
  const { nodes, through, work } = scenario;
  const [first, last] = machine.portRange;
  const ports = last - first + 1;
  const number = (value: number): string => value.toLocaleString('en');
  if (!machine.isIsolated && nodes > 1) {
    const without = scenario.events.some((event) => 'node' in event) ? '' : '. Without: --nodes 1';
    yield `${nodes} nodes need a name that leads to all of them, and so a network of their own: ${OWN_NETWORK}${without}`;
  }
  if (!machine.isIsolated && needsSmallBuffers(scenario))
    yield `${scenario.name} needs smaller socket buffers than a machine has, and so a network of its own: ${OWN_NETWORK}`;
  if (through === 'squid' || through === 'haproxy') {
    const room = Math.floor((machine.descriptors - PEER_RESERVE) / 2);
    if (most > room)
      yield `${number(most)} tunnels${whyOf(work, most)} through ${through} need ${number(2 * most + PEER_RESERVE)} descriptors in one process (2 each, and ${PEER_RESERVE}); one may have ${number(machine.descriptors)} here: --tunnels ${room} at most`;
  }
  const churn = work.kind === 'opens' ? fastestOf(work) * TIME_WAIT_S : 0;
  const more = doors !== null ? 'more machines' : machine.isIsolated ? 'more nodes' : 'a network of their own (run this as root)';
  const ownDoors = through === 'direct' ? plan.farEnds : nodes - lostNodes(scenario);
  for (const [whose, to, addresses] of [
    ['the agents', 'addresses they dial', doors ?? ownDoors],
    ...(through === 'direct' ? [] : ([['the proxies', 'addresses of the far end', plan.farEnds]] as const)),
  ] as const) {
    if (most + churn <= ports * addresses) continue;
    const sum =
      churn === 0 ? number(most) : `${number(most)} open${whyOf(work, most)} and ${number(churn)} in TIME_WAIT (${TIME_WAIT_S} s of them)`;
    yield `${whose} need ${sum} local ports; ${number(ports)} (${first} to ${last}) x ${addresses} ${to} = ${number(ports * addresses)}: ${work.kind === 'opens' ? '' : 'fewer tunnels, or '}${more}`;
  }
  if (plan.memoryMib > machine.availableMib * MEMORY_SHARE)
    yield `${number(most)} tunnels${whyOf(work, most)} need about ${number(plan.memoryMib)} MiB (k6 ${KIB.perGenerator} KiB a socket and ${KIB.perVu / 1_024} MiB for each of ${plan.vus} VUs, the far end ${KIB.perFarEnd}, the proxy ${KIB.perTunnel}, the kernel ${KIB.perSocket} for each of ${number(plan.sockets)} sockets); ${number(machine.availableMib)} MiB are free here`;
  if (scenario.to === 'sandbox' && plan.seconds > SIGNED_S)
    yield `the signed URL of ${scenario.name} is good for ${SIGNED_S} s, and this would last ${plan.seconds} s: fewer tunnels or minutes`;
}

/** Whoever asked for fewer tunnels is told where so many come from. */
function whyOf(work: Work, most: number): string {
  if (work.kind !== 'opens' || most !== mostAtOnce({ work, tunnels: 0 })) return '';
  return ` (${fastestOf(work).toLocaleString('en')}/s, ${work.staySeconds} s each and ${OPEN_TAKES_S} s for an open)`;
}

/** agent/sigv4.ts signs for 300 s; the start takes some of it. */
const SIGNED_S = 270;

// Runs that never were of scenarios in which something is done to the fleet: as they are where all goes well, to be spoilt by a test.

import type { AgentsSeen, Mark, NodeSeen, RunRecord, Second } from '../run-record.ts';
import { resize } from '../resize.ts';
import type { Scenario, ScenarioEvent } from '../scenario.ts';
import { findScenario } from '../scenarios.ts';
import { Histogram } from '../shared/histogram.ts';
import { madeRun } from './made-run.ts';

const TUNNELS = 3_000;
const RAMP_S = 60;
const NODE = 'node-1';
/** Of its quota a fleet uses so much to come back. */
const BACK_SHARE = 0.9;
/** What a bounded node and the buffers of the kernel hold for a slow reader. */
const HELD_KIB = 100;
const STUFFED_KIB = 140;

function smallOf(name: string): Scenario {
  const found = findScenario(name);
  const scenario = found === null ? `no scenario is called ${name}` : resize(found, { tunnels: TUNNELS, nodes: null, minutes: null });
  if (typeof scenario === 'string') throw new Error(scenario);
  return scenario;
}

/** All goes well. */
export function madeEvents(name: string): RunRecord {
  const scenario = smallOf(name);
  const { tunnels, nodes, holdSeconds, events, quota } = scenario;
  const kill = events.find((event) => event.do === 'kill-node');
  if (kill !== undefined)
    return madeRun({ tunnels, nodes, holdSeconds, scenario, kill: { after: kill.after, backPerSecond: (quota ?? 0) * BACK_SHARE } });
  const record = madeRun({ tunnels, nodes, holdSeconds, scenario });
  const marked: RunRecord = { ...record, marks: events.map((event) => markOf(event, Math.floor(tunnels / nodes))) };
  return events.reduce((done, event) => goesWell(done, event, { tunnels, nodes }), marked);
}

function markOf(event: ScenarioEvent, tunnels: number): Mark {
  const isNode = 'node' in event;
  const node = isNode ? `node-${event.node + 1}` : null;
  return { at: RAMP_S + event.after, what: event.do, event: event.do, isPlanned: true, node, tunnels: isNode ? tunnels : null };
}

function goesWell(record: RunRecord, event: ScenarioEvent, { tunnels, nodes }: Pick<Scenario, 'tunnels' | 'nodes'>): RunRecord {
  const at = RAMP_S + event.after;
  switch (event.do) {
    case 'drain-node':
      return draining(record, Math.floor(tunnels / nodes), 39);
    case 'far-end-dies':
      return backFrom(withFault(record, at), at, at + 35);
    case 'slow-readers':
      return holding(record, event, HELD_KIB, STUFFED_KIB);
    default:
      return record;
  }
}

/** The first node closes so many, at that rate, and their agents are back at once. */
export function draining(record: RunRecord, tunnels: number, perSecond: number): RunRecord {
  const from = (record.marks.find(({ event }) => event === 'drain-node')?.at ?? 0) + 2;
  const closedAt = (at: number): number => Math.max(0, Math.min(tunnels, (at - from) * perSecond));
  return withSeconds(record, (second) => {
    const [closed, now] = [closedAt(second.at), closedAt(second.at + 1) - closedAt(second.at)];
    const node = second.nodes[NODE];
    const { agents } = second;
    return {
      ...second,
      agents: now === 0 ? agents : { ...agents, dropped: { '1006': now }, opened: agents.opened + now, tried: agents.tried + now },
      nodes: node ? { ...second.nodes, [NODE]: { ...node, closes: closed === 0 ? {} : { drain: closed } } } : second.nodes,
    };
  });
}

/** Everybody is out from one moment on, and comes back from another on, at 50 a second. */
export function backFrom(record: RunRecord, out: number, back: number): RunRecord {
  const stood = record.scenario.tunnels;
  const standing = (at: number): number => (at < out ? stood : Math.max(0, Math.min(stood, (at + 1 - back) * 50)));
  return withSeconds(record, (second) => {
    const { agents, at } = second;
    if (at < out || agents.wanted === 0) return agents.wanted === 0 && at > out ? closing(second, standing(at - 1)) : second;
    const opened = at === out ? 0 : standing(at) - standing(at - 1);
    const dropped: AgentsSeen['dropped'] = at === out ? { '1006': stood } : {};
    return { ...second, agents: { ...agents, established: standing(at), opened, tried: opened, dropped, sent: 0, back: 0 } };
  });
}

function closing(second: Second, stood: number): Second {
  const { agents } = second;
  return agents.closed === 0 ? second : { ...second, agents: { ...agents, closed: stood } };
}

/** Nodes and kernel hold so much for each slow reader. */
export function holding(record: RunRecord, event: ScenarioEvent, nodeKib: number, kernelKib: number): RunRecord {
  if (event.do !== 'slow-readers') return record;
  const from = RAMP_S + event.after;
  return withSeconds(record, (second) => {
    const { pinhole, ...roles } = second.roles;
    if (second.at < from || second.at >= from + event.seconds || !pinhole || second.kernel === null) return second;
    const userKib = (pinhole.userKib ?? 0) + event.count * nodeKib;
    const socketMemoryKib = second.kernel.socketMemoryKib + event.count * kernelKib;
    return { ...second, roles: { ...roles, pinhole: { ...pinhole, userKib } }, kernel: { ...second.kernel, socketMemoryKib } };
  });
}

/** For half a second everybody stands still: of what was sent meanwhile each is as late as there is left of it. */
export function stalledAt(record: RunRecord, at: number): RunRecord {
  return withAgentsAt(record, at, (agents) => {
    const trips = new Histogram();
    const half = Math.floor(agents.back / 2);
    for (let trip = 0; trip < half; trip += 1) trips.add((500_000 * trip) / half);
    trips.merge(agents.roundTripUs);
    return { ...agents, roundTripUs: trips.sparse() };
  });
}

export function withAgentsAt(record: RunRecord, at: number, change: (agents: AgentsSeen) => AgentsSeen): RunRecord {
  return withSeconds(record, (second) => (second.at === Math.floor(at) ? { ...second, agents: change(second.agents) } : second));
}

/** So many sessions end unasked, and are back within the second. */
export function droppingAt(record: RunRecord, at: number, count: number): RunRecord {
  return withAgentsAt(record, at, (agents) => ({ ...agents, dropped: { '1006': count }, opened: agents.opened + count }));
}

function withFault(record: RunRecord, from: number): RunRecord {
  const fault = { name: 'fault', kind: 'fault', from, to: from + 100 } as const;
  return { ...record, phases: [...record.phases, fault].toSorted((one, other) => one.from - other.from) };
}

/** What agents open besides, the nodes let through. */
export function withSeconds(record: RunRecord, change: (second: Second) => Second): RunRecord {
  let more = 0;
  const seconds = record.seconds.map((second) => {
    const changed = change(second);
    more += changed.agents.opened - second.agents.opened;
    const alive = Object.values(changed.nodes).filter((node) => node !== null).length;
    const nodes = Object.entries(changed.nodes).map(([name, node]) => [name, node && opening(node, Math.ceil(more / alive))]);
    return { ...changed, nodes: Object.fromEntries(nodes) as Second['nodes'] };
  });
  return { ...record, seconds };
}

function opening(node: NodeSeen, more: number): NodeSeen {
  return { ...node, opens: { ...node.opens, OK: (node.opens['OK'] ?? 0) + more } };
}

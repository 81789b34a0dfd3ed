// What is known of the fleet's world at one moment: what the view in the terminal shows, and what `--json` prints. docs/sandbox.md has the same
// table.

import type { AgentView } from './agents.ts';

/** `silent`: its processes are there, and nobody answers. `closed`: alive, and not ready for another reason than a drain. */
export const NODE_STATES = ['ready', 'degraded', 'closed', 'draining', 'silent', 'dead'] as const;
export type NodeState = (typeof NODE_STATES)[number];

/** What one node said, or that it did not. */
export interface NodeSight {
  readonly slot: string;
  readonly state: NodeState;
  /** The one word of its public `/ready`, at the door of agents; null where nobody answers. */
  readonly ready: boolean | null;
  readonly reasons: readonly string[];
  readonly concerns: readonly string[];
  readonly drain: string | null;
  readonly pid: number | null;
  readonly generation: number | null;
  readonly version: string | null;
  readonly tunnels: number | null;
  readonly opensPerSecond: number | null;
  readonly opened: number | null;
  readonly probeSecondsAgo: number | null;
}

/** With what the fleet around it says of it. */
export interface NodeView extends NodeSight {
  readonly address: string;
  readonly inDns: boolean;
  /** Of its record; null where it has none. */
  readonly weight: number | null;
  /** Route 53's checkers; null before they have asked. */
  readonly healthy: boolean | null;
}

export interface FleetEvent {
  readonly seconds: number;
  readonly about: string;
  readonly words: string;
}

export interface Snapshot {
  readonly time: string;
  readonly seconds: number;
  readonly speed: number;
  readonly nodes: readonly NodeView[];
  readonly agents: readonly AgentView[];
  readonly dns: readonly { readonly name: string; readonly addresses: readonly string[] }[];
  /** Since the line before. */
  readonly events: readonly FleetEvent[];
}

/** Every field of a line, with its meaning. */
export const SNAPSHOT_FIELDS: Readonly<Record<string, string>> = {
  time: 'UTC.',
  seconds: 'Since the world began.',
  speed: 'How much faster than ours the clock of the Route 53 stand-in runs.',
  'nodes[].slot': 'Which slot of FLEET.yaml.',
  'nodes[].address': 'Its address, which stands for an Elastic IP.',
  'nodes[].state': 'One of the states below.',
  'nodes[].ready': 'What its public `/ready` says at the door of agents; null where nobody answers.',
  'nodes[].reasons': 'Why it is not ready.',
  'nodes[].concerns': 'Why it is degraded.',
  'nodes[].drain': 'The phase of its drain; null where it does not drain.',
  'nodes[].pid': 'Its supervisor; null where there is none.',
  'nodes[].generation': 'Counts its starts and upgrades.',
  'nodes[].version': 'Of the code that it runs.',
  'nodes[].tunnels': 'Open now.',
  'nodes[].opensPerSecond': 'Tunnels opened in the last second.',
  'nodes[].opened': 'Tunnels opened since it was started.',
  'nodes[].probeSecondsAgo': 'How old the probe’s last verdict is; null where there is none.',
  'nodes[].inDns': 'The name servers give its address.',
  'nodes[].weight': 'Of its record; null where it has none.',
  'nodes[].healthy': 'What the checkers say; null before they have asked.',
  'agents[].agent': 'Client id.',
  'agents[].by': '`list`: it has the signed list of addresses. `name`: it asks DNS, and keeps the answer for its TTL.',
  'agents[].door': 'The door it takes.',
  'agents[].over': 'The slot it is connected over; null where it is not.',
  'agents[].reconnects': 'Sessions after its first.',
  'agents[].lastOutageMs': 'From noticing that a session was lost to the next one; null before it lost one.',
  'agents[].published': 'Messages that AWS IoT has acknowledged.',
  'agents[].trouble': 'What its last attempt met with, where it is not connected; null where it is.',
  'dns[].name': 'The fleet’s name, and the companion name.',
  'dns[].addresses': 'What the name servers gave in this second, in all their answers.',
  'events[].seconds': 'When, since the world began.',
  'events[].about': 'The slot, `agents`, `checkers` or `fleet run`.',
  'events[].words': 'What happened.',
};

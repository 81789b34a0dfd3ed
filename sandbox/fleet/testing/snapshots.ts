// A fleet at one moment, for tests.

import type { NodeView, Snapshot } from '../snapshot.ts';

export function aNode(slot: string, of: Partial<NodeView> = {}): NodeView {
  return {
    ...{ slot, address: '127.0.0.11', state: 'ready', ready: true, reasons: [], concerns: [], drain: null, pid: 100, generation: 1 },
    ...{ version: '0.1.0', tunnels: 4, opensPerSecond: 0, opened: 10, probeSecondsAgo: 3, inDns: true, weight: 100, healthy: true },
    ...of,
  };
}

export function aSnapshot(of: Partial<Snapshot> = {}): Snapshot {
  const agent = {
    agent: 'test-agent-1',
    by: 'list',
    door: 'connect',
    over: 'eu-1a',
    reconnects: 1,
    lastOutageMs: 300,
    published: 7,
  } as const;
  return {
    ...{ time: '2026-01-01T00:00:00.000Z', seconds: 12.5, speed: 1, nodes: [aNode('eu-1a')] },
    agents: [{ ...agent, trouble: null }],
    dns: [{ name: 'proxy.sandbox.test', addresses: ['127.0.0.11'] }],
    events: [{ seconds: 12, about: 'eu-1a', words: 'dead -> ready' }],
    ...of,
  };
}

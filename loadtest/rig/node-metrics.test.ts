// A page of /metrics as a node writes it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNodeMetrics } from './node-metrics.ts';

test('series are added up by what ended them and why; the rest is left out', () => {
  const page = `# HELP pinhole_tunnels Open tunnels.
# TYPE pinhole_tunnels gauge
pinhole_tunnels{door="connect",tenant="",kind="data"} 40
pinhole_tunnels{door="connect-tls",tenant="",kind="data"} 2
pinhole_opens_total{door="connect",tenant="",reason="OK"} 50
pinhole_opens_total{door="connect-tls",tenant="",reason="OK"} 3
pinhole_opens_total{door="connect",tenant="",reason="NODE_RATE_LIMITED"} 7
pinhole_opens_total{door="connect",tenant="",reason="DRAINING"} 0
pinhole_closes_total{door="connect",ended_by="client"} 11
pinhole_event_loop_delay_seconds 0.0125
pinhole_open_seconds_bucket{stage="total",le="+Inf"} 50
`;
  assert.deepEqual(parseNodeMetrics(page), {
    tunnels: 42,
    opens: { OK: 53, NODE_RATE_LIMITED: 7 },
    closes: { client: 11 },
    eventLoopDelayMs: 12.5,
  });
});

test('a delay that the node does not know is null, not zero', () => {
  assert.equal(parseNodeMetrics('pinhole_event_loop_delay_seconds NaN\n').eventLoopDelayMs, null);
  assert.equal(parseNodeMetrics('').eventLoopDelayMs, null);
});

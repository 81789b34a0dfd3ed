// What a node's own /metrics says, as the few numbers that a run wants of it. Pure; the names are those of docs/metrics.md.

import type { NodeSeen } from '../run-record.ts';

export function parseNodeMetrics(text: string): NodeSeen {
  let tunnels = 0;
  let delaySeconds: number | null = null;
  const opens: Record<string, number> = {};
  const closes: Record<string, number> = {};
  for (const [, name = '', labels = '', value = ''] of text.matchAll(/^(pinhole_\w+)(?:\{([^}]*)\})? (\S+)$/gm)) {
    const number = Number(value);
    if (!Number.isFinite(number)) continue;
    if (name === 'pinhole_tunnels') tunnels += number;
    else if (name === 'pinhole_opens_total') count(opens, labelOf(labels, 'reason'), number);
    else if (name === 'pinhole_closes_total') count(closes, labelOf(labels, 'ended_by'), number);
    else if (name === 'pinhole_event_loop_delay_seconds') delaySeconds = number;
  }
  return { tunnels, opens, closes, eventLoopDelayMs: delaySeconds === null ? null : delaySeconds * 1_000 };
}

function count(into: Record<string, number>, key: string | null, value: number): void {
  if (key !== null && value > 0) into[key] = (into[key] ?? 0) + value;
}

function labelOf(labels: string, name: string): string | null {
  return new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? null;
}

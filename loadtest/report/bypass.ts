// Whether k6 went through the nodes: each of its sessions is a CONNECT that one of them let through, and counted before k6 heard of it. More of
// them than sessions say nothing, since some are the probe's and slow readers', and some fail behind the node.

import { PROBE_OPENS_PER_SECOND } from '../plan.ts';
import type { RunRecord } from '../run-record.ts';
import { grouped } from './figure.ts';
import { plannedMarks, sumOf } from './seen.ts';
import { Histogram } from '../shared/histogram.ts';

/** A node is read once a second, and a busy one says what was a moment ago. */
const NODE_LATE_S = 2;
/** As late as a busy k6 may tell of what it opened (rig/seconds.ts). */
const K6_LATE_S = 10;

/** Why the nodes cannot have had all sessions, in words; empty where they can. Of a run of its own nodes that came to its end. */
export function bypassOf(record: RunRecord): readonly string[] {
  const { scenario, honesty, ended, seconds } = record;
  if (scenario.through !== 'pinhole' || honesty.isTarget || ended !== 'whole') return [];
  const opened = sumOf(seconds, ({ agents }) => agents.opened);
  if (opened === 0) return [];
  const lives = [...new Set(seconds.flatMap(({ nodes }) => Object.keys(nodes)))].flatMap((name) => livesOf(record, name));
  if (lives.length === 0) return ['No node ever said what it opened: nobody knows whether k6 went through them.'];
  const unseen = seconds.filter(({ at }) => lives.some(({ unread: { from, to } }) => from <= at && at <= to));
  const counted = sumOf(lives, ({ opens }) => opens) - probesOwn(record);
  if (counted + probesUnread(record, lives) + sumOf(unseen, ({ agents }) => agents.opened) >= opened) return [];
  return [
    `k6 opened ${grouped(opened)} sessions, and the nodes let ${grouped(Math.max(0, counted))} through beside those of the probe: the others went past them, and say nothing of the proxy.`,
  ];
}

interface Counted {
  readonly opens: number;
  /** From its last word before it died, or the run ended: what it let through since nobody knows. */
  readonly unread: { readonly from: number; readonly to: number };
}

/** One for each time that it lived: a node that was started again counts from 0. Within one it may say less for a while, when a carrier is late. */
function livesOf(record: RunRecord, name: string): readonly Counted[] {
  const read = record.seconds.flatMap(({ at, nodes }) => {
    const node = nodes[name];
    return node ? [{ at, opens: node.opens['OK'] ?? 0 }] : [];
  });
  const deaths = plannedMarks(record, 'kill-node').flatMap(({ node, at }) => (node === name ? [at] : []));
  return [...deaths, Infinity].flatMap((end, index, ends) => {
    const own = read.filter(({ at }) => (ends[index - 1] ?? -Infinity) <= at && at < end);
    const last = own.at(-1);
    if (last === undefined) return [];
    const opens = own.reduce((most, one) => Math.max(most, one.opens), 0);
    return [{ opens, unread: { from: last.at - NODE_LATE_S, to: end + K6_LATE_S } }];
  });
}

/** CONNECTs of the probe, at most, that a node let through and nobody read there any more. */
function probesUnread({ seconds }: RunRecord, lives: readonly Counted[]): number {
  const end = seconds.at(-1)?.at ?? 0;
  return PROBE_OPENS_PER_SECOND * sumOf(lives, ({ unread: { from, to } }) => Math.max(0, Math.min(to, end) - from + 1));
}

/** CONNECTs of the probe that a node let through. */
function probesOwn({ probe }: RunRecord): number {
  return sumOf(probe?.stages ?? [], ({ stage, us }) => (stage === 'connect' ? Histogram.of([us]).count : 0));
}

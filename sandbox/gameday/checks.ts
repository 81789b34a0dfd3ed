// The questions that verdicts are made of. Each is a story in, and a line with its numbers out. What was not looked at holds nothing: a story
// without samples, or in which nobody was hit, fails. Pure.

import { type Check, markOf, nodeIn, samplesBetween, type Story } from './story.ts';

/** Out of what the name servers answer, by their own clock; `withTtl`, resolvers that asked just before count too. */
export function leavesDns(story: Story, slot: string, since: string, limitS: number, { withTtl }: { withTtl: boolean }): Check {
  const objective = `${slot} is out of DNS in less than ${limitS} s${withTtl ? ', answers that resolvers keep included' : ''}`;
  const mark = markOf(story, since);
  const sample = samplesBetween(story, since).find((one) => nodeIn(one, slot)?.inDns === false);
  if (mark === null || sample === undefined) return { objective, ok: false, seen: 'it stayed in DNS' };
  const answersS = (sample.worldMs - mark.worldMs) / 1_000;
  const allS = answersS + (withTtl ? story.ttlS : 0);
  return {
    objective,
    ok: allS < limitS,
    seen: `out of the answers after ${answersS.toFixed(0)} s of Route 53's time${withTtl ? `, ${allS.toFixed(0)} s with the TTL` : ''}`,
  };
}

export function staysInDns(story: Story, slots: readonly string[], from: string, to?: string): Check {
  const objective = `${words(slots)} ${slots.length === 1 ? 'stays' : 'stay'} in DNS`;
  const samples = samplesBetween(story, from, to);
  const out = slots.map((slot) => [slot, samples.filter((sample) => nodeIn(sample, slot)?.inDns !== true).length] as const);
  const worst = out.filter(([, count]) => count > 0).map(([slot, count]) => `${slot} was out in ${count}`);
  return { objective, ok: samples.length > 0 && worst.length === 0, seen: `${worst.join(', ') || 'never out'} of ${samples.length} looks` };
}

export function comesBackToDns(story: Story, slot: string, since: string, limitS: number): Check {
  const objective = `${slot} is back in DNS within ${limitS} s`;
  const mark = markOf(story, since);
  const samples = samplesBetween(story, since);
  const last = samples.findLastIndex((sample) => nodeIn(sample, slot)?.inDns !== true);
  const sample = samples[last + 1];
  if (mark === null || sample === undefined) return { objective, ok: false, seen: 'it did not come back' };
  const tookS = (sample.worldMs - mark.worldMs) / 1_000;
  return { objective, ok: tookS < limitS, seen: `after ${tookS.toFixed(0)} s of Route 53's time` };
}

export interface BackLimit {
  readonly by: 'list' | 'name';
  readonly limitMs: number;
}

/** Counted from what was done to the node, not from when an agent noticed. Over several marks, all of them together. */
export function agentsAreBack(
  story: Story,
  hits: readonly { readonly slot: string; readonly since: string }[],
  { by, limitMs }: BackLimit,
): Check {
  const objective = `agents ${by === 'list' ? 'with the address list' : 'that know only the name'} are back in less than ${limitMs / 1_000} s at p99`;
  const tookMs = hits.flatMap(({ slot, since }) => {
    const atMs = markOf(story, since)?.atMs ?? Number.NaN;
    const hit = (story.agentsAt[since] ?? []).filter((agent) => agent.by === by && agent.over === slot);
    return hit.map(({ agent }) => backAfterMs(story, agent, atMs));
  });
  if (tookMs.length === 0) return { objective, ok: false, seen: 'no such agent was on it: nothing was shown' };
  const never = tookMs.filter((ms) => ms === null).length;
  const known = tookMs.filter((ms) => ms !== null).toSorted((a, b) => a - b);
  const p99 = percentile(known, 0.99);
  return {
    objective,
    ok: never === 0 && p99 < limitMs,
    seen: `${tookMs.length} lost it: median ${seconds(percentile(known, 0.5))}, p99 ${seconds(p99)}, slowest ${seconds(known.at(-1) ?? Number.NaN)}${never === 0 ? '' : `; ${never} never came back`}`,
  };
}

function backAfterMs({ outages }: Story, agent: string, atMs: number): number | null {
  const own = outages.filter((outage) => outage.agent === agent && outage.fromMs >= atMs).toSorted((a, b) => a.fromMs - b.fromMs);
  // One that has lost nothing by now still hangs on a node that is gone.
  const toMs = own[0]?.toMs ?? null;
  return toMs === null ? null : toMs - atMs;
}

/** Nearest rank. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Whoever lost a session between the two marks, apart from those of whom that was wanted. */
export function noTunnelIsLost(story: Story, from: string, to?: string, apartFrom: readonly string[] = []): Check {
  const begin = markOf(story, from)?.atMs ?? Number.NEGATIVE_INFINITY;
  const end = to === undefined ? Number.POSITIVE_INFINITY : (markOf(story, to)?.atMs ?? Number.POSITIVE_INFINITY);
  const lost = story.outages.filter(({ agent, fromMs }) => fromMs >= begin && fromMs < end && !apartFrom.includes(agent));
  const held = (story.agentsAt[from] ?? []).filter(({ agent, over }) => over !== null && !apartFrom.includes(agent)).length;
  const example = lost[0] === undefined ? '' : `, such as ${lost[0].agent} over ${lost[0].lost} (${lost[0].why})`;
  return { objective: 'no tunnel is lost', ok: held > 0 && lost.length === 0, seen: `${lost.length} of ${held} lost${example}` };
}

export function everyAgentIsThrough({ away, agentsAt }: Story): Check {
  const all = Object.values(agentsAt).at(-1)?.length ?? 0;
  return {
    objective: 'in the end every agent has a session',
    ok: all > 0 && away.length === 0,
    seen: `${all - away.length} of ${all}${away.length === 0 ? '' : `; away: ${away.slice(0, 3).join(', ')}`}`,
  };
}

/** Each of these nodes says so, in what it shows to operators, by then. */
export function nodesSay(
  story: Story,
  slots: readonly string[],
  what: { readonly words: string; readonly like: RegExp },
  from: string,
  limitS: number,
  to?: string,
): Check {
  const objective = `${words(slots)} ${slots.length === 1 ? 'says' : 'say'} ${what.words} within ${limitS} s`;
  const mark = markOf(story, from);
  const took = slots.map((slot) => {
    const sample = samplesBetween(story, from, to).find((one) => says(nodeIn(one, slot), what.like));
    return mark === null || sample === undefined ? null : (sample.atMs - mark.atMs) / 1_000;
  });
  const silent = slots.filter((_, index) => took[index] === null);
  const slowest = Math.max(...took.map((s) => s ?? Number.POSITIVE_INFINITY));
  return {
    objective,
    ok: silent.length === 0 && slowest < limitS,
    seen: silent.length === 0 ? `the last of them after ${slowest.toFixed(1)} s` : `${words(silent)} did not`,
  };
}

export function says(
  node: { readonly reasons: readonly string[]; readonly concerns: readonly string[] } | undefined,
  like: RegExp,
): boolean {
  return node !== undefined && [...node.reasons, ...node.concerns].some((why) => like.test(why));
}

/** None of these nodes has a concern, or is not ready, for longer than that. */
export function nodesAreFine(story: Story, slots: readonly string[], from: string, to: string | undefined, graceS: number): Check {
  const objective = `${words(slots)} ${slots.length === 1 ? 'has' : 'have'} nothing to complain of`;
  const samples = samplesBetween(story, from, to);
  const ill = slots.map((slot) => longest(samples, (sample) => nodeIn(sample, slot)?.state !== 'ready'));
  const worst = ill.reduce((a, b) => (b.ms > a.ms ? b : a), { ms: 0, sample: null });
  const slot = slots[ill.indexOf(worst)];
  const node = worst.sample === null || slot === undefined ? undefined : nodeIn(worst.sample, slot);
  const why = node === undefined ? '' : `: ${slot} was ${node.state} (${[...node.reasons, ...node.concerns].join('; ')})`;
  return {
    objective,
    ok: samples.length > 0 && worst.ms <= graceS * 1_000,
    seen:
      samples.length === 0
        ? 'nobody looked'
        : worst.ms === 0
          ? `in ${samples.length} looks`
          : `for ${(worst.ms / 1_000).toFixed(1)} s at most${why}`,
  };
}

/** The probe of each of these nodes has gone on: at no look was its last verdict older than that, whether or not the node still showed it. */
export function probesGoOn(story: Story, slots: readonly string[], from: string, to: string | undefined, limitS: number): Check {
  const samples = samplesBetween(story, from, to);
  const oldest = Math.max(...slots.map((slot) => oldestVerdict(samples, slot)));
  return {
    objective: `the probe of ${words(slots)} goes on`,
    ok: samples.length > 0 && oldest < limitS,
    seen: samples.length === 0 ? 'nobody looked' : `its verdict was ${oldest.toFixed(0)} s old at the most, with ${limitS} s allowed`,
  };
}

function oldestVerdict(samples: Story['samples'], slot: string): number {
  let madeMs = samples[0]?.atMs ?? 0;
  let oldestMs = 0;
  for (const sample of samples) {
    const age = nodeIn(sample, slot)?.probeSecondsAgo ?? null;
    if (age !== null) madeMs = sample.atMs - age * 1_000;
    oldestMs = Math.max(oldestMs, sample.atMs - madeMs);
  }
  return oldestMs / 1_000;
}

type Stretch = { readonly ms: number; readonly sample: Story['samples'][number] | null };

/** The longest time without a break in which it held, and a moment of it. */
function longest(samples: Story['samples'], holds: (sample: Story['samples'][number]) => boolean): Stretch {
  let best: Stretch = { ms: 0, sample: null };
  let since: number | null = null;
  for (const sample of samples) {
    if (!holds(sample)) {
      since = null;
      continue;
    }
    since ??= sample.atMs;
    if (sample.atMs - since > best.ms) best = { ms: sample.atMs - since, sample };
  }
  return best;
}

/** While the answers hold one node alone, that node has said so before long. */
export function lonelinessIsTold(story: Story, from: string, like: RegExp, limitS: number): Check {
  const objective = `a node that is left alone in DNS raises an alarm within ${limitS} s`;
  const samples = samplesBetween(story, from);
  let worstMs = 0;
  let times = 0;
  let since = null as { readonly slot: string; readonly atMs: number; told: boolean } | null;
  for (const sample of samples) {
    const [only, ...others] = sample.nodes.filter(({ inDns }) => inDns);
    if (only === undefined || others.length > 0) {
      since = null;
      continue;
    }
    if (since?.slot !== only.slot) {
      since = { slot: only.slot, atMs: sample.atMs, told: false };
      times += 1;
    }
    since.told ||= says(only, like);
    if (!since.told) worstMs = Math.max(worstMs, sample.atMs - since.atMs);
  }
  return {
    objective,
    ok: times > 0 && worstMs < limitS * 1_000,
    seen:
      times === 0
        ? 'no node was ever alone: nothing was shown'
        : `alone ${times} times, for ${(worstMs / 1_000).toFixed(1)} s at most without a word`,
  };
}

/** So many nodes are in the answers at every moment. */
export function neverFewerInDns(story: Story, least: number, from: string, to?: string): Check {
  const samples = samplesBetween(story, from, to);
  const counts = samples.map(({ nodes }) => nodes.filter(({ inDns }) => inDns).length);
  const fewest = Math.min(...counts);
  return {
    objective: `never fewer than ${least} nodes are in DNS`,
    ok: samples.length > 0 && fewest >= least,
    seen: samples.length === 0 ? 'nobody looked' : `${fewest} at the fewest, in ${samples.length} looks`,
  };
}

/** `fleet run` has said this after that, and before the next thing was done. */
export function runSays(story: Story, event: string, since: string, until?: string): Check {
  const begin = markOf(story, since)?.atMs ?? Number.POSITIVE_INFINITY;
  const end = until === undefined ? Number.POSITIVE_INFINITY : (markOf(story, until)?.atMs ?? Number.NEGATIVE_INFINITY);
  const line = story.runLines.find((one) => one.event === event && one.atMs >= begin && one.atMs < end);
  const code = line?.facts['code'];
  return {
    objective: event === 'ran' ? 'fleet run recovers by itself' : 'fleet run says so',
    ok: line !== undefined,
    seen:
      line === undefined
        ? `no line \`${event}\``
        : `\`${event}\`${typeof code === 'string' ? ` ${code}` : ''} after ${seconds(line.atMs - begin)}`,
  };
}

export function factIs(story: Story, objective: string, name: string, wanted: string): Check {
  const found = story.facts[name];
  return { objective, ok: found === wanted, seen: found ?? 'not measured' };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}

function words(slots: readonly string[]): string {
  return slots.length < 2 ? slots.join('') : `${slots.slice(0, -1).join(', ')} and ${slots.at(-1)}`;
}

// Two runs side by side. Pure.

import type { Figure } from './figure.ts';
import { FIGURE_NAMES } from './figures.ts';
import type { Summary } from './summary.ts';
import { OUTCOMES, TITLES } from './titles.ts';
import { renderValue } from './verdict.ts';

export interface Comparison {
  readonly names: readonly [string, string];
  /** Why the two cannot be held against each other; empty where they can. */
  readonly obstacles: readonly string[];
  /** What differs, and may be the very thing that is compared. */
  readonly differences: readonly string[];
  readonly rows: readonly ComparedRow[];
}

export interface ComparedRow {
  readonly name: string;
  readonly one: string;
  readonly other: string;
  /** The second by the first; null where one of the two is missing or zero, or where they cannot be compared. */
  readonly ratio: number | null;
}

export function compareRuns(one: Summary, other: Summary): Comparison {
  const obstacles = obstaclesOf(one, other);
  const rows = [
    { name: 'verdict', one: OUTCOMES[one.verdict.outcome], other: OUTCOMES[other.verdict.outcome], ratio: null },
    ...FIGURE_NAMES.map((name) => row(TITLES[name], one.figures[name], other.figures[name], (value) => renderValue(name, value))),
    row('CPU of an open', one.costs.cpuUsPerOpen, other.costs.cpuUsPerOpen, (us) => `${us.toFixed(0)} µs`),
    row('CPU of a message there and back', one.costs.cpuUsPerMessage, other.costs.cpuUsPerMessage, (us) => `${us.toFixed(1)} µs`),
    ...latencyRows(one, other),
  ];
  return {
    names: [labelOf(one), labelOf(other)],
    obstacles,
    differences: differencesOf(one, other),
    rows: obstacles.length === 0 ? rows : rows.map((compared) => ({ ...compared, ratio: null })),
  };
}

/** Numbers of one machine and one load are worth something beside each other; others are not. */
function obstaclesOf(one: Summary, other: Summary): readonly string[] {
  const differing = (what: string, left: unknown, right: unknown): string[] =>
    left === right ? [] : [`${what}: ${String(left)} and ${String(right)}`];
  const machine = ({ honesty: { machine } }: Summary): string => `${machine.cpu} with ${machine.cores} cores`;
  return [
    ...[one, other].flatMap((run) =>
      run.verdict.outcome === 'not a valid run' ? [`${labelOf(run)} is not a valid run: ${run.verdict.invalid[0] ?? ''}`] : [],
    ),
    ...differing('one is synthetic', one.isSynthetic, other.isSynthetic),
    ...(areBaselines(one, other) ? [] : differing('the scenarios differ', one.scenario.name, other.scenario.name)),
    ...differing('the numbers of tunnels differ', one.scenario.tunnels, other.scenario.tunnels),
    ...differing('the numbers of machines that share them differ', machinesOf(one), machinesOf(other)),
    ...differing('the work differs', JSON.stringify(one.scenario.work), JSON.stringify(other.scenario.work)),
    ...differing('the far ends differ', one.scenario.to, other.scenario.to),
    ...differing('one is of a fleet of others', one.honesty.isTarget ?? false, other.honesty.isTarget ?? false),
    ...differing('what is inside the tunnels differs', one.honesty.wire, other.honesty.wire),
    ...differing('the machines differ', machine(one), machine(other)),
  ];
}

/** A report of before this was kept lacks it. */
function machinesOf({ machine }: Partial<Pick<Summary, 'machine'>>): number {
  return machine?.of ?? 1;
}

/** A baseline is named by what it goes through: where nothing was done to anybody, that is what is compared. */
function areBaselines({ scenario: one }: Summary, { scenario: other }: Summary): boolean {
  return one.through !== other.through && one.events.length === 0 && other.events.length === 0;
}

function differencesOf(one: Summary, other: Summary): readonly string[] {
  const said = (what: string, left: unknown, right: unknown): string[] =>
    left === right ? [] : [`${what}: ${String(left)} and ${String(right)}`];
  const programs = [...new Set([...Object.keys(one.honesty.versions), ...Object.keys(other.honesty.versions)])];
  return [
    ...said('through', one.scenario.through, other.scenario.through),
    ...said('nodes', one.scenario.nodes, other.scenario.nodes),
    ...said('quota', one.scenario.quota, other.scenario.quota),
    ...said('kernel', one.honesty.machine.kernel, other.honesty.machine.kernel),
    ...said('huge pages', one.honesty.machine.hugePages ?? 'not said', other.honesty.machine.hugePages ?? 'not said'),
    ...said('a network of its own', one.honesty.isIsolated, other.honesty.isIsolated),
    ...said('root', one.honesty.isPrivileged, other.honesty.isPrivileged),
    ...programs.flatMap((name) => said(name, one.honesty.versions[name] ?? 'none', other.honesty.versions[name] ?? 'none')),
  ];
}

function latencyRows(one: Summary, other: Summary): readonly ComparedRow[] {
  const key = ({ of, phase }: { readonly of: string; readonly phase: string }): string => `${of}, ${phase === 'all' ? 'whole run' : phase}`;
  const others = new Map(other.percentiles.map((found) => [key(found), found]));
  return one.percentiles.flatMap((left) => {
    const right = others.get(key(left));
    if (right === undefined) return [];
    return (['p50', 'p99'] as const).map((share) =>
      measured(`${key(left)}, ${share}`, left[share], right[share], (us) => `${(us / 1_000).toFixed(2)} ms`),
    );
  });
}

function row(name: string, one: Figure, other: Figure, words: (value: number) => string): ComparedRow {
  const compared = measured(name, one.value, other.value, words);
  return { ...compared, one: one.never ? 'never' : compared.one, other: other.never ? 'never' : compared.other };
}

function measured(name: string, one: number | null, other: number | null, words: (value: number) => string): ComparedRow {
  const ratio = one !== null && other !== null && one > 0 && other > 0 ? other / one : null;
  return { name, one: one === null ? '–' : words(one), other: other === null ? '–' : words(other), ratio };
}

function labelOf({ scenario, began }: Summary): string {
  return `${scenario.name} through ${scenario.through}, ${began.slice(0, 16).replace('T', ' ')}`;
}

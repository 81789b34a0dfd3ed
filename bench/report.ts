// What a run says in the end. Numbers of one machine are worth little by themselves, so the ratios are what counts; where a proxy lost work,
// it did less than the others, and nothing is compared with it.

import type { Contestant } from './contestant.ts';

/** Null where it could not be taken soundly. */
export interface Costs {
  readonly idleKib: number | null;
  /** All its processes, with all tunnels open. */
  readonly idleMib: number | null;
  /** A second, before the first tunnel. */
  readonly idleCpuMs: number | null;
  readonly openCpuUs: number | null;
  readonly messageCpuUs: number | null;
  readonly rateP50Us: number | null;
  readonly rateP99Us: number | null;
  readonly bulkCpuSeconds: number | null;
}

/** Share of a core that the busiest program of the load used: near 1 it was the load that was measured. */
export interface LoadBusy {
  readonly open: number;
  readonly message: number;
  readonly rate: number;
  readonly bulk: number;
}

export interface Measured {
  readonly name: string;
  readonly mode: Contestant['mode'];
  /** Asked for. */
  readonly tunnels: number;
  readonly failed: number;
  /** What the first that failed was told; empty where none was. */
  readonly firstFailure: string;
  /** Opened, and gone before they were closed. */
  readonly died: number;
  readonly lostMessages: number;
  readonly lostMib: number;
  /** With no tunnel yet. */
  readonly emptyMib: number;
  /** Of the second half of the opens. */
  readonly openP50Ms: number;
  readonly openP99Ms: number;
  readonly costs: Costs;
  readonly loadBusy: LoadBusy;
}

/** Its turn ended before there were numbers. */
export interface Broken {
  readonly name: string;
  readonly problem: string;
}

export type Result = Measured | Broken;
export type Ratios = Readonly<Record<keyof Costs, number | null>>;

export interface Column {
  readonly title: string;
  readonly digits: number;
}

/** Less is better in every one. */
export const COLUMNS: Readonly<Record<keyof Costs, Column>> = {
  idleKib: { title: 'KiB per idle tunnel', digits: 2 },
  idleMib: { title: 'MiB in all, tunnels idle', digits: 0 },
  idleCpuMs: { title: 'CPU ms a second, no tunnel', digits: 0 },
  openCpuUs: { title: 'CPU µs per open', digits: 0 },
  messageCpuUs: { title: 'CPU µs per message there and back', digits: 2 },
  rateP50Us: { title: 'p50 µs at 2000 messages/s', digits: 0 },
  rateP99Us: { title: 'p99 µs at 2000 messages/s', digits: 0 },
  bulkCpuSeconds: { title: 'CPU s per GiB echoed', digits: 2 },
};
/** In place of a number. */
const NOT_TAKEN = '–';
const KEYS = Object.keys(COLUMNS) as (keyof Costs)[];

/** Those to whom all others are held. */
export const YARDSTICKS: readonly string[] = ['haproxy', 'squid', 'bare relay'];

/** Why a result cannot be compared, or null where it can. */
export function flawOf(result: Result): string | null {
  if ('problem' in result) return result.problem;
  const { failed, died, tunnels, lostMessages, lostMib, firstFailure } = result;
  if (failed > 0) return `${failed} of ${tunnels} tunnels failed${firstFailure === '' ? '' : ` (${firstFailure.trim()})`}`;
  if (died > 0) return `${died} of ${tunnels} tunnels were lost`;
  if (lostMessages > 0) return `${lostMessages} messages were lost`;
  if (lostMib > 0) return `${Math.ceil(lostMib)} MiB were lost`;
  return null;
}

export function isSound(results: readonly Result[]): boolean {
  return results.every((result) => flawOf(result) === null);
}

/** Null as a whole where one of the two lost work; null for one cost that was not measured, or too small to be. */
export function ratiosOf(result: Result, yardstick: Result | undefined): Ratios | null {
  if (!yardstick || 'problem' in result || 'problem' in yardstick) return null;
  if (flawOf(result) !== null || flawOf(yardstick) !== null) return null;
  const ratio = (key: keyof Costs): number | null => {
    const [cost, measure] = [result.costs[key], yardstick.costs[key]];
    return cost !== null && measure !== null && cost > 0 && measure > 0 ? cost / measure : null;
  };
  return Object.fromEntries(KEYS.map((key) => [key, ratio(key)])) as Ratios;
}

export function renderMarkdown(results: readonly Result[]): string {
  const yardsticks = YARDSTICKS.filter((name) => results.length > 1 && results.some((result) => result.name === name));
  const parts = [renderCosts(results), ...yardsticks.map((name) => renderRatios(results, name))];
  return `${parts.join('\n\n')}\n`;
}

export function renderJson(run: object, results: readonly Result[]): string {
  const rows = results.map((result) => {
    const ratios = YARDSTICKS.map((name) => [name, ratiosOf(result, find(results, name))] as const);
    return { ...result, flaw: flawOf(result), ratios: Object.fromEntries(ratios.filter(([name]) => name !== result.name)) };
  });
  return `${JSON.stringify({ ...run, isSound: isSound(results), results: rows }, null, 2)}\n`;
}

function renderCosts(results: readonly Result[]): string {
  return renderTable(
    ['proxy', ...KEYS.map((key) => COLUMNS[key].title)],
    results.map((result) => {
      const flaw = flawOf(result);
      if (flaw !== null || 'problem' in result) return refused(result, flaw ?? '');
      return [result.name, ...KEYS.map((key) => result.costs[key]?.toFixed(COLUMNS[key].digits) ?? NOT_TAKEN)];
    }),
  );
}

function renderRatios(results: readonly Result[], name: string): string {
  const yardstick = find(results, name);
  const flaw = yardstick && flawOf(yardstick);
  if (flaw) return `Nothing is compared with ${name}: ${flaw}.`;
  const rows = results
    .filter((result) => result !== yardstick)
    .map((result) => {
      const ratios = ratiosOf(result, yardstick);
      if (ratios === null) return refused(result, flawOf(result) ?? '');
      return [result.name, ...KEYS.map((key) => ratios[key]?.toFixed(2) ?? NOT_TAKEN)];
    });
  return renderTable([`× ${name}`, ...KEYS.map((key) => COLUMNS[key].title)], rows);
}

function refused({ name }: Result, flaw: string): string[] {
  return [name, `not compared: ${flaw.replaceAll('|', '/')}`, ...KEYS.slice(1).map(() => NOT_TAKEN)];
}

function find(results: readonly Result[], name: string): Result | undefined {
  return results.find((result) => result.name === name);
}

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, at) => (at === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

// What the ways to relay cost, side by side.

export interface WayCosts {
  readonly bulkCpuSeconds: number;
  readonly smallCpuUs: number;
  readonly messageCpuUs: number;
  /** That the relay had made by the end: as many as it ever needed at once. */
  readonly pipes: number;
}

export interface WayTurns {
  readonly name: string;
  readonly turns: readonly WayCosts[];
}

const COLUMNS: Readonly<Record<keyof WayCosts, { readonly title: string; readonly digits: number }>> = {
  bulkCpuSeconds: { title: 'CPU s per GiB echoed', digits: 2 },
  smallCpuUs: { title: 'CPU µs per message of 64 bytes', digits: 2 },
  messageCpuUs: { title: 'CPU µs per message of 256 bytes', digits: 2 },
  pipes: { title: 'pipes', digits: 0 },
};
const KEYS = Object.keys(COLUMNS) as (keyof WayCosts)[];

/** Of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

/** A cost of a way over its turns: the median, from the least to the most, and how it stands to the first way. */
export function renderWays(ways: readonly WayTurns[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const cell = (way: WayTurns, key: keyof WayCosts): string => {
    const values = way.turns.map((turn) => turn[key]);
    const { digits } = COLUMNS[key];
    if (key === 'pipes') return Math.max(...values).toFixed(digits);
    const ratio = median(values) / median(ways[0]?.turns.map((turn) => turn[key]) ?? []);
    const range = `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;
    return `${median(values).toFixed(digits)} (${range}), × ${ratio.toFixed(2)}`;
  };
  return [
    row(['way', ...KEYS.map((key) => COLUMNS[key].title)]),
    row(['---', ...KEYS.map(() => '---:')]),
    ...ways.map((way) => row([way.name, ...KEYS.map((key) => cell(way, key))])),
  ].join('\n');
}

// Durations and sizes as operators write them: a whole number and a unit, nothing between.

const MS_PER = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const BYTES_PER = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 } as const;

export const DURATION = /^(0|[1-9][0-9]{0,9})(ms|s|m|h)$/;
export const SIZE = /^(0|[1-9][0-9]{0,9})(B|KiB|MiB|GiB)$/;

/** Timers of Node hold 31 bits of milliseconds; a longer one would fire at once. */
export const DURATION_MAX_MS = 2_147_483_647;

/** `10s`, `31m`, `2h`, `250ms` to milliseconds; null where the text is no duration. */
export function parseDuration(text: string): number | null {
  const match = DURATION.exec(text);
  return match === null ? null : Number(match[1]) * MS_PER[match[2] as keyof typeof MS_PER];
}

/** `256KiB` to bytes; null where the text is no size. */
export function parseSize(text: string): number | null {
  const match = SIZE.exec(text);
  return match === null ? null : Number(match[1]) * BYTES_PER[match[2] as keyof typeof BYTES_PER];
}

/** The shortest way to write a duration: `31m`, `90s`. */
export function renderDuration(ms: number): string {
  const unit = (['h', 'm', 's'] as const).find((candidate) => ms % MS_PER[candidate] === 0 && ms > 0) ?? 'ms';
  return `${ms / MS_PER[unit]}${unit}`;
}

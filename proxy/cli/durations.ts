// Lengths of time and sizes as people read them, two units at most.

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** `3d 4h`, `12m 5s`, `0s`. */
export function renderDuration(ms: number): string {
  const first = UNITS.findIndex(([, length]) => ms >= length);
  if (first === -1) return '0s';
  const [name, length] = UNITS[first] ?? ['s', 1_000];
  const next = UNITS[first + 1];
  const rest = next ? Math.floor((ms % length) / next[1]) : 0;
  return `${Math.floor(ms / length)}${name}${next && rest > 0 ? ` ${rest}${next[0]}` : ''}`;
}

/** `512 B`, `1.5 KiB`, `20 MiB`. */
export function renderBytes(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let step = 0;
  let value = bytes;
  while (value >= 1_024 && step < names.length - 1) {
    value /= 1_024;
    step += 1;
  }
  return `${step === 0 || value >= 10 ? Math.round(value) : Math.round(value * 10) / 10} ${names[step]}`;
}

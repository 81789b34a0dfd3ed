// How `./pinhole loadtest` ends, and what it says where it does not begin.

export const EXIT = { pass: 0, fail: 1, 'not a valid run': 2, usage: 64, missing: 69, interrupted: 130 } as const;

export function complain(words: string, code: number): number {
  console.error(`pinhole loadtest: ${words}`);
  return code;
}

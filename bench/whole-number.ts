// A whole number among the words of a command.

/** Throws an error in words for whoever typed it. */
export function wholeNumber(
  name: string,
  text: string | undefined,
  { least, usual, most }: { readonly least: number; readonly usual: number; readonly most: number },
): number {
  const value = text === undefined ? usual : /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new Error(`${name}: expected a whole number from ${least} to ${most}, got "${text}"`);
}

/** Lower case for A to Z only: `toLowerCase` also folds signs such as U+212A (Kelvin) to a letter, which would make two names one. */
export function asciiLower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

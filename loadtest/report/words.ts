// What the commands behind `pinhole loadtest` do with words, alike.

/** What it reads, or what is wrong with the words. */
export function readOr<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export function say(to: (text: string) => void, text: string, code: number): number {
  to(text);
  return code;
}

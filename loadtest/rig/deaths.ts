// A carrier that dies takes its tunnels with it, and control what it knows; their node starts another: only its log names that (docs/records.md).

import { open } from 'node:fs/promises';

export interface Death {
  /** Unix time. */
  readonly atMs: number;
  /** How, in a few words. */
  readonly words: string;
  /** Null where the node could not tell. */
  readonly tunnels: number | null;
}

const EVENTS = ['"event":"carrier-died"', '"event":"control-died"'] as const;

/** Those of a node's log, in its order; none where there is no log. */
export async function deaths(logFile: string): Promise<readonly Death[]> {
  const file = await open(logFile).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (file === null) return [];
  const found: Death[] = [];
  // It closes the file at its end.
  for await (const line of file.readLines()) {
    const death = EVENTS.some((event) => line.includes(event)) ? read(line) : null;
    if (death !== null) found.push(death);
  }
  return found;
}

/** Null for a line that is torn: the node may have died in it. */
function read(line: string): Death | null {
  try {
    const { time, event, carrier, code, signal, cause, tunnels } = JSON.parse(line) as Record<string, unknown>;
    const how = [signal, typeof code === 'number' ? `exit code ${code}` : null, cause].filter((word) => typeof word === 'string');
    return {
      atMs: Date.parse(String(time)),
      words: `${event === 'control-died' ? 'control' : `carrier ${String(carrier)}`} died${how.length === 0 ? '' : ` (${how.join(', ')})`}`,
      tunnels: typeof tunnels === 'number' ? tunnels : null,
    };
  } catch {
    return null;
  }
}

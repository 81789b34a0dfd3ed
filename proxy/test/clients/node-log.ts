// The records of a node that runs: what was decided since a moment, and how each tunnel ended.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { eventually } from '../hostile/bounded.ts';

export type LogLine = Readonly<Record<string, unknown>>;

const RECORD_WITHIN_MS = 20_000;

export class NodeLog {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  lines(): LogLine[] {
    return this.#texts()
      .map(parse)
      .filter((line) => line !== null);
  }

  /** Lines that are no JSON: what a process of the node said in its last moment. */
  unreadable(): string[] {
    return this.#texts().filter((text) => parse(text) === null);
  }

  #texts(): string[] {
    return wholeLines(readFileSync(this.#file, 'utf8'));
  }

  records(event: 'decision' | 'close', since = 0): LogLine[] {
    return this.lines()
      .slice(since)
      .filter((line) => line['event'] === event);
  }

  /** A moment: hand it to the others as `since`. */
  now(): number {
    return this.lines().length;
  }

  decisions(since: number, count: number): Promise<LogLine[]> {
    return eventually(RECORD_WITHIN_MS, `${count} decision lines`, () => {
      const found = this.records('decision', since);
      return found.length >= count ? found : null;
    });
  }

  closeOf(id: unknown): Promise<LogLine> {
    return eventually(RECORD_WITHIN_MS, `the close line of ${String(id)}`, () => {
      return this.records('close').find((line) => line['id'] === id) ?? null;
    });
  }
}

/** Of a file that others write to: the last line may be half written. */
export function wholeLines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

function parse(text: string): LogLine | null {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return null;
  }
}

/** The named fields only, so that a difference shows what was expected of them. */
export function fieldsOf(line: LogLine, names: LogLine): LogLine {
  return Object.fromEntries(Object.keys(names).map((name) => [name, line[name]]));
}

/** Each expected line is there, and no other; order says nothing where a client opens two connections. */
export function assertLines(found: readonly LogLine[], expected: readonly LogLine[]): void {
  const all = Object.assign({}, ...expected) as LogLine;
  const key = (line: LogLine): string => JSON.stringify(Object.entries(line).sort());
  const sorted = (lines: readonly LogLine[]): LogLine[] => lines.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  assert.deepEqual(sorted(found.map((line) => fieldsOf(line, all))), sorted(expected));
}

// News for whoever listens, as server-sent events (WHATWG HTML, "Server-sent events"). What cannot be written at once is not kept: a reader that is
// slow misses events, is told how many decisions that were, and costs nobody anything.

import type { Outlet } from '../bounded-server.ts';

/** Each is one connection of the admin address, of which it has 256. */
export const LISTENERS_MAX = 32;
/** Bytes that wait for one reader. */
export const WAITING_MAX = 64 * 1024;
/** Rows of one event: nobody reads more of them in half a second. */
export const EVENT_ROWS_MAX = 100;

interface Listener {
  readonly outlet: Outlet;
  missed: number;
}

export interface DecisionNews {
  readonly rows: readonly unknown[];
  readonly missed: number;
}

export class EventStream {
  readonly #listeners = new Set<Listener>();
  readonly #changed: (listeners: number) => void;

  /** `changed` is told how many listen now. */
  constructor(changed: (listeners: number) => void) {
    this.#changed = changed;
  }

  get isFull(): boolean {
    return this.#listeners.size >= LISTENERS_MAX;
  }

  /** `first` is what a new one begins with; the returned function says that it has left. Null where there is no room: many may come at once. */
  join(outlet: Outlet, first: readonly (readonly [event: string, data: unknown])[]): (() => void) | null {
    if (this.isFull) return null;
    const listener: Listener = { outlet, missed: 0 };
    this.#listeners.add(listener);
    // A browser that lost its connection waits for so long before it comes back.
    outlet.write('retry: 2000\n\n');
    for (const [event, data] of first) outlet.write(render(event, data));
    this.#changed(this.#listeners.size);
    return () => {
      if (this.#listeners.delete(listener)) this.#changed(this.#listeners.size);
    };
  }

  second(point: unknown): void {
    const text = render('second', point);
    for (const { outlet } of this.#listeners) if (outlet.waiting() < WAITING_MAX) outlet.write(text);
  }

  decisions({ rows, missed }: DecisionNews): void {
    const shown = rows.slice(-EVENT_ROWS_MAX);
    const lost = missed + rows.length - shown.length;
    if (shown.length + lost === 0) return;
    for (const listener of this.#listeners) {
      if (listener.outlet.waiting() >= WAITING_MAX) {
        listener.missed += lost + shown.length;
        continue;
      }
      listener.outlet.write(render('decisions', { rows: shown, missed: lost + listener.missed }));
      listener.missed = 0;
    }
  }
}

function render(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

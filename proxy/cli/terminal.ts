// A terminal that is drawn on: the other screen of it, without a cursor, keys as they are pressed; and the way back from all of that.

/** What of a terminal is needed; handed in by main.ts. */
export interface Terminal {
  size(): { readonly columns: number; readonly rows: number };
  /** At once, before the process can end. */
  write(text: string): void;
  /** Keys come as they are pressed, unechoed; the returned function makes it as it was. */
  raw(pressed: (keys: string) => void): () => void;
  resized(heard: () => void): void;
  /** Whatever ends the process, this is done before. */
  atEnd(restore: () => void): void;
}

const ENTER = '\u001B[?1049h\u001B[?25l\u001B[?7l';
const LEAVE = '\u001B[?7h\u001B[?25h\u001B[?1049l';

export class Drawing {
  readonly #terminal: Terminal;
  #release: (() => void) | null;

  constructor(terminal: Terminal, pressed: (keys: string) => void) {
    this.#terminal = terminal;
    terminal.atEnd(() => this.end());
    this.#release = terminal.raw(pressed);
    terminal.write(ENTER);
  }

  /** Line by line over what is there, so that nothing flickers. */
  show(lines: readonly string[]): void {
    if (this.#release) this.#terminal.write(`\u001B[H${lines.map((line) => `${line}\u001B[K`).join('\r\n')}\u001B[J`);
  }

  /** As it was; again is nothing. */
  end(): void {
    if (!this.#release) return;
    const release = this.#release;
    this.#release = null;
    this.#terminal.write(LEAVE);
    release();
  }
}

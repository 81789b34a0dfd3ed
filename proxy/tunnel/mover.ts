// A carrier's part in moves: it takes what others send, and sends its own where it is told to, one move at a time.

import type { MoveView, Moving } from '../core/move.ts';
import type { MoveLinks } from './move-links.ts';
import { MoveReceiver, type Taken } from './move-receiver.ts';
import { MoveSender } from './move-sender.ts';
import type { PlaneSource } from './plane.ts';

export interface MoverOptions {
  readonly planes: PlaneSource;
  /** Null where there is no native engine: then every tunnel stays. */
  readonly links: MoveLinks | null;
  /** Where the same slot's carrier of a generation takes tunnels. */
  pathOf(generation: number): string;
  readonly generation: number;
  onSent(view: MoveView): void;
  onTaken(taken: Taken): void;
}

export class Mover implements Moving {
  readonly #options: MoverOptions;
  #receiver: MoveReceiver | null = null;
  #sender: MoveSender | null = null;
  #isStopping = false;

  constructor(options: MoverOptions) {
    this.#options = options;
  }

  /** Throws where it cannot listen. */
  listen(): void {
    const { links, planes, pathOf, generation, onTaken: over } = this.#options;
    const { moves } = planes.current.engine;
    if (!links || !moves) return;
    this.#receiver = new MoveReceiver({ planes, links, moves, path: pathOf(generation), over });
    this.#receiver.start();
  }

  start(to: number): MoveView | null {
    const last = this.view();
    if (last && !last.isOver) return last.to === to ? last : null;
    const { planes, links, pathOf, onSent: over } = this.#options;
    this.#sender = new MoveSender({ to, path: pathOf(to), sessions: planes.current.sessions, links, over });
    if (this.#isStopping) this.#sender.stop();
    else this.#sender.start();
    return this.#sender.view();
  }

  view(): MoveView | null {
    return this.#sender?.view() ?? null;
  }

  /** Takes nothing more, and sends nothing that is not on its way. */
  stop(): void {
    this.#isStopping = true;
    this.#receiver?.stop();
    this.#sender?.stop();
  }
}

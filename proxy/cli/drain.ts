// `pinhole drain`: empties a running node, and shows how that goes. The node does it by itself: a carrier takes the order and keeps the pace,
// so it goes on without this command, and without control.

import { askSupervisor } from '../control/ask.ts';
import type { DrainAnswer } from '../control/drain-orders.ts';
import { orderDrain } from '../control/drain-orders.ts';
import type { DrainView } from '../control/drain-view.ts';
import { gatherDrain } from '../control/drain-view.ts';
import type { DrainAction } from '../core/drain.ts';
import { DRAIN } from './commands/operate-commands.ts';
import { readCommand } from './commands/read-command.ts';
import type { OperateIo } from './find-node.ts';
import { findNode } from './find-node.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './io.ts';
import { ProgressLine, renderProgress } from './progress.ts';

const LOOK_MS = 1_000;
/** A supervisor that does not answer for so long is gone. */
const SILENT_LOOKS = 3;

export interface FollowIo extends OperateIo {
  /** Null where standard output is no terminal. */
  readonly columns: () => number | null;
  readonly onSignal: (name: NodeJS.Signals, heard: () => void) => void;
}

const WORDS = ['now', 'pause', 'resume'] as const;

export async function runDrain(args: readonly string[], io: FollowIo): Promise<number> {
  const read = readCommand(DRAIN, args, io);
  if (typeof read === 'number') return read;
  const asked = WORDS.filter((word) => read.values[word] === true);
  if (asked.length > 1) {
    io.stderr(`pinhole drain: --${asked.join(' and --')} are different things; give one\n`);
    return EXIT_USAGE;
  }
  const runtime = await findNode(read.values, 'drain', io);
  if (typeof runtime === 'number') return runtime;
  const isJson = read.values['json'] === true;
  const action: DrainAction = asked[0] ?? 'start';
  const ordered = await giveOrder(runtime, action, 'drain', io);
  if (ordered === null) return EXIT_FAILED;
  if (action === 'pause' || action === 'resume') return showOnce(runtime, isJson, io);
  return new Follower(runtime, isJson, io).follow();
}

/** Null where the order was not taken; why is on standard error. */
export async function giveOrder(runtime: string, action: DrainAction, command: string, io: OperateIo): Promise<DrainAnswer | null> {
  const told = await orderDrain(runtime, io.clock, { do: action, by: actorOf(io) });
  if (told?.status === 200) return told.value as DrainAnswer;
  const { error } = Object(told?.value) as { error?: string };
  io.stderr(`pinhole ${command}: ${error ?? 'no carrier answers'}\n`);
  return null;
}

/** Who gives an order, for the log: whoever may open the node's sockets is its user, or root. */
export function actorOf({ env, machine }: OperateIo): string {
  const name = env['SUDO_USER'] ?? env['USER'] ?? env['LOGNAME'] ?? '';
  return `${name === '' ? 'somebody' : name} (uid ${machine.uid}, command line)`;
}

async function showOnce(runtime: string, isJson: boolean, io: OperateIo): Promise<number> {
  const drain = await gatherDrain(runtime, io.clock);
  if (isJson) io.stdout(`${JSON.stringify({ event: 'progress', ...drain })}\n`);
  else if (drain) io.stdout(`${renderProgress(drain)}\n`);
  return EXIT_OK;
}

/** How following ended, with what is said about it. */
const ENDINGS = {
  drained: { code: EXIT_OK, words: 'Drained. New tunnels are refused until `pinhole undrain`, or until the node is started again.' },
  undrained: { code: EXIT_FAILED, words: 'Somebody has ended the drain: the node takes new tunnels again.' },
  ended: { code: EXIT_FAILED, words: 'The node has ended.' },
  interrupted: { code: EXIT_FAILED, words: 'The node goes on draining. `pinhole drain` shows it again, `pinhole undrain` ends it.' },
} as const;
type Ending = keyof typeof ENDINGS;

class Follower {
  readonly #runtime: string;
  readonly #isJson: boolean;
  readonly #io: FollowIo;
  readonly #line: ProgressLine;
  #isInterrupted = false;
  #wake: () => void = () => {};

  constructor(runtime: string, isJson: boolean, io: FollowIo) {
    this.#runtime = runtime;
    this.#isJson = isJson;
    this.#io = io;
    this.#line = new ProgressLine({ stdout: io.stdout, columns: io.columns, nowMs: () => io.clock.nowMs() });
    for (const name of ['SIGINT', 'SIGTERM'] as const) io.onSignal(name, () => this.#interrupt());
  }

  async follow(): Promise<number> {
    const ending = await this.#watch();
    const { code, words } = ENDINGS[ending];
    if (this.#isJson) this.#event(ending, null);
    else this.#line.say(words);
    return code;
  }

  async #watch(): Promise<Ending> {
    let silent = 0;
    for (;;) {
      if (this.#isInterrupted) return 'interrupted';
      const isThere = (await askSupervisor(this.#runtime, this.#io.clock)) !== null;
      silent = isThere ? 0 : silent + 1;
      if (silent >= SILENT_LOOKS) return 'ended';
      // Undefined where that cannot be told at the moment: an order that nobody can read is not one that was ended.
      const drain = isThere ? await gatherDrain(this.#runtime, this.#io.clock).catch(() => undefined) : undefined;
      if (drain === null) return 'undrained';
      if (drain !== undefined) {
        if (this.#isJson) this.#event('progress', drain);
        else this.#line.show(drain);
        if (drain.phase === 'drained') return 'drained';
      }
      await this.#pause();
    }
  }

  #event(event: string, drain: DrainView | null): void {
    const time = new Date(this.#io.clock.wallMs()).toISOString();
    this.#io.stdout(`${JSON.stringify({ time, event, ...drain })}\n`);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#io.clock.after(LOOK_MS, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  #interrupt(): void {
    this.#isInterrupted = true;
    this.#wake();
  }
}

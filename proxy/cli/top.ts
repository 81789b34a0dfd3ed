// `top`: what goes on in a running node, live. Asks its processes themselves, so it works while control is dead.

import { BUSY_ORDERS, BUSY_ROWS_MAX, type BusyOrder } from '../control/busiest.ts';
import { type Arguments, textOf } from './arguments.ts';
import { TOP } from './commands/operate-commands.ts';
import { readCommand } from './commands/read-command.ts';
import type { FollowIo } from './drain.ts';
import { findNode } from './find-node.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './io.ts';
import { Drawing, type Terminal } from './terminal.ts';
import { viewAfter } from './top/keys.ts';
import { lookAt, type Moment, type Rates, ratesBetween } from './top/look.ts';
import { renderScreen, renderText, type View } from './top/screen.ts';

const INTERVAL_DEFAULT_S = 2;
const INTERVAL_MAX_S = 60;
const ROWS_DEFAULT = 10;
/** A supervisor that does not answer for so long is gone; a machine that is busy has it miss one. */
const SILENT_LOOKS = 3;
/** Between the two looks of --once: the shortest time of which a carrier gives rates, and a little. */
const ONCE_MS = 1_100;

export interface TopIo extends FollowIo {
  /** Null where nothing can be drawn: a pipe, or a terminal that knows no screen. */
  readonly terminal: Terminal | null;
}

interface Options {
  readonly once: boolean;
  readonly isJson: boolean;
  readonly by: BusyOrder;
  readonly intervalMs: number;
  /** Null: as many as there is room for. */
  readonly rows: number | null;
}

export async function runTop(args: readonly string[], io: TopIo): Promise<number> {
  const read = readCommand(TOP, args, io);
  if (typeof read === 'number') return read;
  const options = optionsOf(read.values);
  if (typeof options === 'string') return complain(options, EXIT_USAGE, io);
  const runtime = await findNode(read.values, 'top', io);
  if (typeof runtime === 'number') return runtime;
  return new Top(runtime, options, io).run();
}

function optionsOf(values: Arguments): Options | string {
  const by = textOf(values, 'by') ?? 'rate';
  const order = BUSY_ORDERS.find((candidate) => candidate === by);
  if (order === undefined) return `--by ${by}: expected rate, bytes or age`;
  const interval = wholeNumber(textOf(values, 'interval') ?? String(INTERVAL_DEFAULT_S), INTERVAL_MAX_S);
  if (interval === null) return `--interval: expected a whole number from 1 to ${INTERVAL_MAX_S}`;
  const given = textOf(values, 'rows');
  const rows = given === undefined ? null : wholeNumber(given, BUSY_ROWS_MAX);
  if (given !== undefined && rows === null) return `--rows: expected a whole number from 1 to ${BUSY_ROWS_MAX}`;
  return { once: values['once'] === true, isJson: values['json'] === true, by: order, intervalMs: interval * 1_000, rows };
}

function wholeNumber(text: string, max: number): number | null {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= max ? value : null;
}

class Top {
  readonly #runtime: string;
  readonly #options: Options;
  readonly #io: TopIo;
  #view: View;
  #drawing: Drawing | null = null;
  #before: Moment | null = null;
  #shown: { readonly moment: Moment; readonly rates: Rates | null } | null = null;
  #isOver = false;
  #wake: () => void = () => {};

  constructor(runtime: string, options: Options, io: TopIo) {
    this.#runtime = runtime;
    this.#options = options;
    this.#io = io;
    this.#view = { list: 'tunnels', by: options.by, from: 0 };
  }

  async run(): Promise<number> {
    const { once, isJson } = this.#options;
    const { terminal, onSignal } = this.#io;
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) onSignal(name, () => this.#end());
    if (terminal !== null && !once && !isJson) {
      terminal.resized(() => this.#draw());
      this.#drawing = new Drawing(terminal, (keys) => this.#pressed(keys));
    }
    try {
      return await this.#watch();
    } finally {
      this.#drawing?.end();
    }
  }

  async #watch(): Promise<number> {
    const { once, intervalMs } = this.#options;
    let silent = 0;
    while (!this.#isOver) {
      const moment = await lookAt(this.#runtime, this.#view.by, this.#limit(), this.#io.clock);
      silent = moment === null ? silent + 1 : 0;
      if (moment === null && silent < SILENT_LOOKS) {
        await this.#pause(intervalMs);
        continue;
      }
      if (moment === null) {
        this.#drawing?.end();
        return complain(`the node in ${this.#runtime} has ended`, EXIT_FAILED, this.#io);
      }
      const rates = this.#before && ratesBetween(this.#before, moment);
      this.#before = moment;
      this.#shown = { moment, rates };
      this.#tell();
      if (once && rates !== null) break;
      await this.#pause(rates === null ? Math.min(ONCE_MS, intervalMs) : intervalMs);
    }
    return EXIT_OK;
  }

  #limit(): number {
    if (this.#options.rows !== null) return this.#options.rows;
    return this.#drawing === null ? ROWS_DEFAULT : BUSY_ROWS_MAX;
  }

  #tell(): void {
    const { isJson, rows } = this.#options;
    const { stdout, clock } = this.#io;
    if (this.#drawing) return this.#draw();
    const { moment, rates } = this.#shown ?? {};
    // Nothing is known of a second yet.
    if (!moment || !rates) return;
    if (!isJson)
      return stdout(`${new Date(clock.wallMs()).toISOString()}\n${renderText(moment, rates, this.#view.by, rows ?? ROWS_DEFAULT)}\n`);
    const { status, tunnels, groups } = moment;
    const { node, generation, ready, capacity, pending } = status;
    const about = {
      time: new Date(clock.wallMs()).toISOString(),
      node,
      generation,
      ready,
      tunnels: status.tunnels,
      capacity: capacity.tunnels,
    };
    const cut = <T>(list: readonly T[]): readonly T[] => list.slice(0, rows ?? ROWS_DEFAULT);
    const lists = { tenants: cut(groups.tenants), targets: cut(groups.targets), sources: cut(groups.sources) };
    stdout(
      `${JSON.stringify({ ...about, pending, perSecond: { ...rates, reasons: Object.fromEntries(rates.reasons) }, top: tunnels, ...lists })}\n`,
    );
  }

  #draw(): void {
    const { terminal } = this.#io;
    if (terminal && this.#shown) this.#drawing?.show(renderScreen(this.#shown.moment, this.#shown.rates, this.#view, terminal.size()));
  }

  #pressed(keys: string): void {
    const view = viewAfter(keys, this.#view);
    if (view === null) return this.#end();
    const isOtherOrder = view.by !== this.#view.by;
    this.#view = view;
    this.#draw();
    // Who comes first by that is not known yet.
    if (isOtherOrder) this.#wake();
  }

  #end(): void {
    this.#isOver = true;
    this.#wake();
  }

  #pause(ms: number): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#io.clock.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}

function complain(line: string, code: number, io: TopIo): number {
  io.stderr(`pinhole top: ${line}\n`);
  return code;
}

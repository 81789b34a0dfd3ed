// What a run shows while it goes: on a terminal one line that changes, else a line now and then. Text only; who writes it is main.ts.

import type { Second } from '../run-record.ts';
import type { Scenario } from '../scenario.ts';

const LINE_EVERY_S = 10;

export interface Screen {
  readonly write: (text: string) => void;
  /** Null where standard output is no terminal. */
  readonly columns: number | null;
}

/** The phase of a run before its first agent opens. */
const START = 'start';

export interface Moment {
  /** Seconds since the run began. */
  readonly at: number;
  /** What it takes from the first agent on. */
  readonly of: number;
  readonly phase: string;
  readonly established: number;
  readonly wanted: number;
  /** The newest second that is closed; null before there is one. */
  readonly last: Second | null;
}

export class Progress {
  readonly #screen: Screen;
  readonly #scenario: Scenario;
  #lastLine = Number.NEGATIVE_INFINITY;
  #isOpen = false;
  #firstAgentAt: number | null = null;

  constructor(screen: Screen, scenario: Scenario) {
    this.#screen = screen;
    this.#scenario = scenario;
  }

  moment(moment: Moment): void {
    const { columns, write } = this.#screen;
    if (moment.phase !== START) this.#firstAgentAt ??= moment.at;
    const text = renderMoment(moment, this.#scenario, this.#firstAgentAt);
    if (columns !== null) {
      write(`\r\u001B[K${text.slice(0, columns - 1)}`);
      this.#isOpen = true;
    } else if (moment.at - this.#lastLine >= LINE_EVERY_S) {
      write(`${text}\n`);
      this.#lastLine = moment.at;
    }
  }

  /** Something happened: a line of its own. */
  say(line: string): void {
    this.close();
    this.#screen.write(`${line}\n`);
  }

  close(): void {
    if (this.#isOpen) this.#screen.write('\n');
    this.#isOpen = false;
  }
}

/** `firstAgentAt`: null while there is none. */
export function renderMoment(
  { at, of, phase, established, wanted, last }: Moment,
  { through }: Pick<Scenario, 'through'>,
  firstAgentAt: number | null,
): string {
  const number = (value: number): string => value.toLocaleString('en');
  const time = firstAgentAt === null ? clock(at) : `${clock(at - firstAgentAt)} of ${clock(of)}`;
  const parts = [time, phase, `${number(established)} of ${number(wanted)} sessions`];
  if (last !== null) {
    const failed = Object.values(last.agents.failed).reduce((sum, count) => sum + count, 0);
    const dropped = Object.values(last.agents.dropped).reduce((sum, count) => sum + count, 0);
    parts.push(`${number(last.agents.opened)} opens/s`, `${number(last.agents.back)} answers/s`);
    if (failed > 0) parts.push(`${number(failed)} failed`);
    if (dropped > 0) parts.push(`${number(dropped)} dropped`);
    for (const [role, seen] of [
      ['k6', last.roles['k6']],
      [through, last.roles[through]],
    ] as const)
      if (seen !== undefined) {
        const mib = seen.userKib === null ? '–' : String(Math.round(seen.userKib / 1_024));
        parts.push(`${role} ${Math.round(seen.cpuSeconds * 100)} % ${mib} MiB`);
      }
  }
  return parts.join('  ');
}

function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

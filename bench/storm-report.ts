// What a press on a node comes to: what good agents saw beside what they see else, what it cost, and what it left in the log.

import { median } from './median.ts';
import { answeredIn } from './press.ts';
import { CROWDS, type Press, PRESSES, type Round, type StormSeen, type Turn } from './storm.ts';

/** A storm of one tenant leaves every other tenant's opens inside twice their quiet p99. */
const P99_MOST = 2;
/** Twenty lines a minute of each source and reason, and a summary, in each carrier (docs/records.md). A turn may see the end of one minute. */
const LINES_MOST = 2 * 21;
const REASONS_MOST = 2;
const LINE_BYTES = 700;

const NAMES: Readonly<Record<Press, string>> = {
  storm: 'a tenant’s storm',
  silent: 'silent connections',
  refused: 'refused requests',
};

export interface PressSeen {
  readonly press: Press;
  /** Medians over the rounds, in milliseconds; and of the rounds' own ratios. */
  readonly quietP99Ms: number;
  readonly p99Ms: number;
  readonly p99Times: number;
  readonly quietMessageP99Ms: number;
  readonly messageP99Ms: number;
  readonly failed: number;
  /** What the first that failed was told. */
  readonly firstFailure: string;
  readonly lost: number;
  /** A second: asked for, answered, and closed without an answer. */
  readonly asked: number;
  readonly answered: number;
  readonly closed: number;
  /** CPU of one refusal beyond the good agents' part, of those that were answered or closed; null where nothing is asked. */
  readonly refusalUs: number | null;
  readonly logBytesPerS: number;
  readonly quietLogBytesPerS: number;
  readonly quietMemoryMib: number;
  readonly memoryMib: number;
}

/** CPU of one good open, from the quiet turns, beyond what the node takes when nothing is opened. */
export function openUs({ rounds, idleCpuS }: StormSeen): number {
  const quiet = PRESSES.flatMap((press) => rounds[press].map((round) => round.quiet));
  return median(quiet.map(({ cpuS, opens }) => ((cpuS - idleCpuS) * 1e6) / Math.max(1, opens.opened)));
}

export function pressesOf({ rounds }: StormSeen): PressSeen[] {
  return PRESSES.map((press) => pressOf(press, rounds[press]));
}

function pressOf(press: Press, rounds: readonly Round[]): PressSeen {
  const of = (value: (turn: Turn) => number, which: 'quiet' | 'pressed' = 'pressed'): number =>
    median(rounds.map((round) => value(round[which])));
  const turnedAway = ({ asked, held }: Turn): number => (asked ? answeredIn(asked) + asked.closed : (held?.closed ?? 0));
  const refusals = rounds.map(({ quiet, pressed }) => ((pressed.cpuS - quiet.cpuS) * 1e6) / Math.max(1, turnedAway(pressed)));
  return {
    press,
    quietP99Ms: of(({ opens }) => opens.p99Ms, 'quiet'),
    p99Ms: of(({ opens }) => opens.p99Ms),
    p99Times: median(rounds.map(({ quiet, pressed }) => pressed.opens.p99Ms / quiet.opens.p99Ms)),
    quietMessageP99Ms: of(({ messages }) => messages.p99Us / 1_000, 'quiet'),
    messageP99Ms: of(({ messages }) => messages.p99Us / 1_000),
    failed: rounds.reduce((sum, { pressed }) => sum + pressed.opens.failed, 0),
    firstFailure: rounds.find(({ pressed }) => pressed.opens.failed > 0)?.pressed.opens.firstFailure ?? '',
    lost: rounds.reduce((sum, { pressed: { messages } }) => sum + messages.wanted - messages.back, 0),
    asked: of(({ asked, held, seconds }) => (asked?.asked ?? held?.asked ?? 0) / seconds),
    answered: of(({ asked, seconds }) => (asked ? answeredIn(asked) : 0) / seconds),
    closed: of(({ asked, held, seconds }) => (asked?.closed ?? held?.closed ?? 0) / seconds),
    refusalUs: press === 'silent' ? null : median(refusals),
    logBytesPerS: of(({ logBytes, seconds }) => logBytes / seconds),
    quietLogBytesPerS: of(({ logBytes, seconds }) => logBytes / seconds, 'quiet'),
    quietMemoryMib: of(({ memoryKib }) => memoryKib / 1_024, 'quiet'),
    memoryMib: of(({ memoryKib }) => memoryKib / 1_024),
  };
}

/** Bytes of log beyond what the good agents' opens write, each of which has its lines. */
function moreLog({ quiet, pressed }: Round): number {
  return pressed.logBytes - (quiet.logBytes / Math.max(1, quiet.opens.opened)) * pressed.opens.opened;
}

/** Why the run is not what is wanted; nothing where all held. */
export function flawsOf(seen: StormSeen, carriers: number): string[] {
  const flaws: string[] = [];
  const open = openUs(seen);
  for (const { press, p99Times, refusalUs, failed, firstFailure, lost } of pressesOf(seen)) {
    const name = NAMES[press];
    if (failed > 0) flaws.push(`${name}: ${failed} opens of good agents failed (${firstFailure.trim()})`);
    if (lost > 0) flaws.push(`${name}: ${lost} messages of good agents were lost`);
    if (press === 'storm' && p99Times > P99_MOST)
      flaws.push(`${name}: the others’ opens took ${p99Times.toFixed(2)} times their quiet p99`);
    if (press === 'storm' && refusalUs !== null && refusalUs >= open)
      flaws.push(`${name}: a refusal took ${refusalUs.toFixed(0)} µs of CPU, an open ${open.toFixed(0)} µs`);
    const most = CROWDS[press] * carriers * REASONS_MOST * LINES_MOST * LINE_BYTES;
    for (const round of seen.rounds[press]) {
      const more = moreLog(round);
      if (more > most) flaws.push(`${name}: ${more.toFixed(0)} bytes of log, more than ${most}`);
    }
  }
  return flaws;
}

export function renderStorm(seen: StormSeen): string {
  const presses = pressesOf(seen);
  const row = (what: string, cell: (press: PressSeen) => string): string => `| ${[what, ...presses.map(cell)].join(' | ')} |`;
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  const whole = (value: number): string => value.toFixed(0);
  const lines = [
    `| | ${presses.map(({ press }) => NAMES[press]).join(' | ')} |`,
    '| --- | ---: | ---: | ---: |',
    row('asked for / answered / closed without a word, a second', ({ asked, answered, closed }) =>
      [asked, answered, closed].map(whole).join(' / '),
    ),
    row('good agents’ opens, p99: quiet / pressed', ({ quietP99Ms, p99Ms }) => `${ms(quietP99Ms)} / ${ms(p99Ms)}`),
    row('median of the rounds’ ratios', ({ p99Times }) => `× ${p99Times.toFixed(2)}`),
    row(
      'messages on their open tunnels, p99: quiet / pressed',
      ({ quietMessageP99Ms, messageP99Ms }) => `${ms(quietMessageP99Ms)} / ${ms(messageP99Ms)}`,
    ),
    row('good opens that failed / messages lost', ({ failed, lost }) => `${failed} / ${lost}`),
    row('CPU of one refusal', ({ refusalUs }) => (refusalUs === null ? '–' : `${whole(refusalUs)} µs`)),
    row(
      'log, bytes a second: quiet / pressed',
      ({ quietLogBytesPerS, logBytesPerS }) => `${whole(quietLogBytesPerS)} / ${whole(logBytesPerS)}`,
    ),
    row('memory of the node: quiet / pressed', ({ quietMemoryMib, memoryMib }) => `${whole(quietMemoryMib)} / ${whole(memoryMib)} MiB`),
  ];
  return `${lines.join('\n')}\n\nCPU of one good open: ${whole(openUs(seen))} µs.`;
}

// The fleet's world as lines for people: a frame that is drawn again and again on a terminal, or lines that follow each other anywhere else. Pure.

import type { AgentView } from './agents.ts';
import type { FleetEvent, NodeView, Snapshot } from './snapshot.ts';

/** What to type in another terminal: worked out once, from where everything is. */
export interface ViewPlace {
  readonly title: string;
  readonly commands: readonly { readonly command: string; readonly does: string }[];
  /** Starts the node of a slot again. */
  readonly startAgain: (slot: string) => string;
}

/** More agents than this are shown by the slot they are connected over. */
const AGENTS_SHOWN = 12;
const EVENTS_SHOWN = 10;

export function renderFrame(snapshot: Snapshot, events: readonly FleetEvent[], place: ViewPlace): string[] {
  const { nodes, agents, dns, seconds } = snapshot;
  const dead = nodes.filter(({ state }) => state === 'dead');
  return [
    `${place.title}; up ${renderSeconds(seconds)}`,
    '',
    ...columns([NODE_HEAD, ...nodes.map(nodeRow)]),
    ...nodes.flatMap(troublesOf),
    '',
    ...renderAgents(agents),
    '',
    ...columns([['DNS', 'answers now'], ...dns.map(({ name, addresses }) => [name, addresses.join(' ') || 'nothing'])]),
    '',
    'Last events',
    ...events.slice(-EVENTS_SHOWN).map((event) => `  ${renderEvent(event)}`),
    '',
    'Type in another terminal:',
    ...columns([
      ...place.commands.map(({ command, does }) => [`  ${command}`, does]),
      ...dead.map(({ slot }) => [`  ${place.startAgain(slot)}`, `starts ${slot} again`]),
    ]),
    'Ctrl-C ends everything.',
  ];
}

const NODE_HEAD = ['slot', 'address', 'state', 'DNS', 'weight', 'checkers', 'tunnels', 'opens/s', 'generation', 'version', 'pid'];

function nodeRow(node: NodeView): string[] {
  const { slot, address, state, inDns, weight, healthy, tunnels, opensPerSecond, generation, version, pid, drain } = node;
  const shown = (value: number | string | null): string => (value === null ? '-' : String(value));
  return [
    slot,
    address,
    drain === null ? state : `${state} (${drain})`,
    inDns ? 'in' : 'out',
    shown(weight),
    healthy === null ? '-' : healthy ? 'healthy' : 'unhealthy',
    ...[tunnels, opensPerSecond, generation, version, pid].map(shown),
  ];
}

function troublesOf({ slot, reasons, concerns }: NodeView): string[] {
  return [...reasons, ...concerns].map((why) => `  ${slot}: ${why}`);
}

export function renderAgents(agents: readonly AgentView[]): string[] {
  const connected = agents.filter(({ over }) => over !== null);
  const reconnects = agents.reduce((sum, agent) => sum + agent.reconnects, 0);
  const head = `Agents: ${connected.length} of ${agents.length} connected (${bySlot(connected)}), ${reconnects} reconnects`;
  if (agents.length > AGENTS_SHOWN)
    return [head, `  the longest last outage: ${Math.max(0, ...agents.map(({ lastOutageMs }) => lastOutageMs ?? 0)).toFixed(0)} ms`];
  const rows = agents.map(({ agent, by, door, over, reconnects, lastOutageMs, trouble }) => [
    `  ${agent}`,
    by,
    door,
    over ?? `away: ${trouble ?? 'not yet connected'}`,
    String(reconnects),
    lastOutageMs === null ? '-' : `${lastOutageMs.toFixed(0)} ms`,
  ]);
  return [head, ...columns([['  agent', 'knows by', 'door', 'over', 'reconnects', 'last outage'], ...rows])];
}

function bySlot(connected: readonly AgentView[]): string {
  const counts = new Map<string, number>();
  for (const { over } of connected) if (over !== null) counts.set(over, (counts.get(over) ?? 0) + 1);
  return (
    [...counts]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([slot, count]) => `${slot} ${count}`)
      .join(', ') || 'none'
  );
}

export function renderEvent({ seconds, about, words }: FleetEvent): string {
  return `${seconds.toFixed(1).padStart(7)} s  ${about}: ${words}`;
}

/** Beside each other, each as wide as its widest. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function renderSeconds(seconds: number): string {
  const whole = Math.floor(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)}m ${whole % 60}s`;
}

/** Over the frame before, cut to the terminal: lines that wrap, or a frame taller than the screen, would leave rests of themselves. */
export function overDraw(
  lines: readonly string[],
  linesBefore: number,
  { columns: width, rows }: { columns: number; rows: number },
): { text: string; lines: number } {
  const shown = lines.slice(0, Math.max(1, rows - 1)).map((line) => (line.length > width ? line.slice(0, width) : line));
  const up = linesBefore === 0 ? '' : `\x1b[${linesBefore}A\r`;
  return { text: `${up}\x1b[0J${shown.join('\n')}\n`, lines: shown.length };
}

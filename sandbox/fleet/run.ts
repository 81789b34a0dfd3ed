// `npm start -- --fleet N`: the world until a signal, shown a second at a time.

import { showPath, showPinhole } from '../world/place.ts';
import { COMPANION_NAME, FLEET_NAME } from './layout.ts';
import type { FleetEvent, Snapshot } from './snapshot.ts';
import { overDraw, renderAgents, renderEvent, renderFrame, type ViewPlace } from './view.ts';
import type { FleetWorld } from './world.ts';

export interface Screen {
  readonly write: (text: string) => void;
  /** Null where it is no terminal. */
  readonly size: () => { columns: number; rows: number } | null;
}

export type Show = 'frames' | 'lines' | 'json';

const SHOW_EVERY_MS = 1_000;
/** Where lines follow each other, so often all of it is said. */
const WHOLE_EVERY_S = 60;

/** What is to be seen from now on, until `stop`. */
export function showFleet(world: FleetWorld, how: Show, screen: Screen, from: string): { stop(): void } {
  const place = viewPlace(world, from);
  let linesBefore = 0;
  let told = 0;
  let wholeAtS = Number.NEGATIVE_INFINITY;
  const show = (): void => {
    const all = world.events();
    const snapshot = snapshotOf(world, all.slice(told));
    told = all.length;
    if (how === 'json') return screen.write(`${JSON.stringify(snapshot)}\n`);
    const size = screen.size();
    if (how === 'frames' && size !== null) {
      const drawn = overDraw(renderFrame(snapshot, all, place), linesBefore, size);
      linesBefore = drawn.lines;
      return screen.write(drawn.text);
    }
    const isWhole = snapshot.seconds - wholeAtS >= WHOLE_EVERY_S;
    if (isWhole) wholeAtS = snapshot.seconds;
    const lines = isWhole ? renderFrame(snapshot, all, place) : snapshot.events.map(renderEvent);
    if (!isWhole && snapshot.events.some(({ about }) => about === 'agents')) lines.push(renderAgents(snapshot.agents)[0] ?? '');
    if (lines.length > 0) screen.write(`${lines.join('\n')}\n`);
  };
  show();
  const timer = setInterval(show, SHOW_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}

export function snapshotOf(world: FleetWorld, events: readonly FleetEvent[]): Snapshot {
  const { observer, agents, speed } = world;
  const answers = observer.answers();
  return {
    time: new Date().toISOString(),
    seconds: Math.round(world.nowMs()) / 1_000,
    speed,
    nodes: observer.nodes(),
    agents: agents.views(),
    dns: [FLEET_NAME, COMPANION_NAME].map((name) => ({ name, addresses: answers[name] ?? [] })),
    events,
  };
}

function viewPlace({ layout, agents, speed }: FleetWorld, from: string): ViewPlace {
  const pinhole = showPinhole(from);
  const show = (path: string): string => showPath(path, from);
  const [first] = layout.slots;
  const runtime = first === undefined ? '' : show(first.runtime);
  const fleet = (words: string): string => `. ${show(layout.awsEnv)} && ${pinhole} fleet ${words} -c ${show(layout.fleetFile)}`;
  return {
    title: `${layout.slots.length} nodes behind ${FLEET_NAME}:${layout.port}, ${agents.views().length} agents; ${speed === 1 ? "Route 53's clock is ours" : `Route 53's clock runs ${speed} times as fast as ours`}`,
    commands: [
      {
        command: `${first?.admin}/`,
        does: `the page, in a browser: all nodes; what it changes asks for the token in ${show(layout.adminToken)}`,
      },
      { command: 'kill -9 PID', does: 'a node dies' },
      { command: `${pinhole} upgrade --runtime ${runtime}`, does: 'another generation of its carriers takes over, no tunnel lost' },
      { command: `${pinhole} drain --runtime ${runtime}`, does: 'empties a node at a pace; undrain ends that' },
      { command: `${pinhole} status --runtime ${runtime}`, does: 'how a node is' },
      { command: fleet('status'), does: 'file, zone, checkers and nodes' },
      { command: fleet(`drain ${first?.id}`), does: 'the whole of it, records included' },
    ],
    startAgain: (slot) => `${pinhole} serve -c ${show(layout.slots.find(({ id }) => id === slot)?.config ?? '')}`,
  };
}

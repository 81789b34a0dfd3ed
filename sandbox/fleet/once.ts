// `--fleet N --once`: a short proof that the fleet holds together. Every step waits for what it wants to see, within a time that would be far too
// long, and says what it saw.

import { runPinhole } from './command.ts';
import type { FleetWorld } from './world.ts';
import { until } from './until.ts';

export interface Step {
  readonly what: string;
  readonly ok: boolean;
  readonly seen: string;
  readonly seconds: number;
}

const AGENTS_WITHIN_MS = 30_000;
/** An agent that has only the name waits for DNS and backs off; the list's are judged by the game day `node-killed`. */
const BACK_WITHIN_MS = 60_000;
/** On the stand-in's clock: three failures, 10 s apart and given 6 s each, seen by most checkers. */
const DNS_WITHIN_WORLD_MS = 110_000;

export async function proveFleet(world: FleetWorld, tell: (step: Step) => void, stop: AbortSignal): Promise<Step[]> {
  const steps: Step[] = [];
  const step = async (what: string, work: () => Promise<{ ok: boolean; seen: string }>): Promise<boolean> => {
    if (stop.aborted || steps.some(({ ok }) => !ok)) return false;
    const startedMs = performance.now();
    const { ok, seen } = await work();
    const done = { what, ok, seen, seconds: (performance.now() - startedMs) / 1_000 };
    steps.push(done);
    tell(done);
    return ok;
  };
  const { observer, agents, layout, speed } = world;
  const [, victim] = layout.slots;
  if (victim === undefined) throw new Error('a fleet has two nodes at least');
  const dnsMs = DNS_WITHIN_WORLD_MS / speed;
  const isIn = (slot: string): boolean => observer.nodes().some(({ slot: id, inDns }) => id === slot && inDns);
  const through = (): number => agents.views().filter(({ over }) => over !== null).length;
  const wanted = agents.views().length;
  const took = (ms: number | null): string => (ms === null ? 'not in time' : `after ${(ms / 1_000).toFixed(1)} s`);

  await step(`all ${wanted} agents have a session through the fleet`, async () => {
    const ms = await until(() => through() === wanted, AGENTS_WITHIN_MS, stop);
    return { ok: ms !== null, seen: `${through()} of ${wanted}, ${took(ms)}` };
  });
  await step('every node is ready, and in DNS', async () => {
    const ms = await until(
      () => observer.nodes().length === layout.slots.length && observer.nodes().every(({ inDns, ready }) => inDns && ready === true),
      dnsMs,
      stop,
    );
    return {
      ok: ms !== null,
      seen: observer
        .nodes()
        .map(({ slot, state, inDns }) => `${slot} ${state}${inDns ? '' : ', not in DNS'}`)
        .join('; '),
    };
  });
  await step(`${victim.id} is killed: its agents are back over the others`, async () => {
    const lost = agents.views().filter(({ over }) => over === victim.id).length;
    world.node(victim.id).kill();
    const isGone = (): boolean => agents.views().every(({ over }) => over !== null && over !== victim.id);
    const ms = await until(isGone, BACK_WITHIN_MS, stop);
    const slowest = Math.max(0, ...agents.outages().map(({ fromMs, toMs }) => (toMs ?? world.nowMs()) - fromMs));
    return {
      ok: ms !== null,
      seen: `${lost} lost it, ${through()} of ${wanted} through ${took(ms)}, the slowest was away for ${Math.round(slowest)} ms`,
    };
  });
  await step(`${victim.id} is out of DNS, the others are in`, async () => {
    const others = layout.slots.filter(({ id }) => id !== victim.id);
    const ms = await until(() => !isIn(victim.id) && others.every(({ id }) => isIn(id)), dnsMs, stop);
    return {
      ok: ms !== null,
      seen: `${took(ms)}: ${observer
        .nodes()
        .map(({ slot, inDns }) => `${slot} ${inDns ? 'in' : 'out'}`)
        .join(', ')}`,
    };
  });
  await step(`${victim.id} is started again: ready, and in DNS`, async () => {
    await world.node(victim.id).start();
    const ms = await until(() => isIn(victim.id), dnsMs, stop);
    return { ok: ms !== null, seen: took(ms) };
  });
  await step('`fleet status`: zone and file agree', async () => {
    const { code, out, err } = await runPinhole(['fleet', 'status', '-c', layout.fleetFile], world.awsEnv);
    return { ok: code === 0, seen: `exit code ${code}: ${(code === 0 ? out : err || out).trim().split('\n').at(-1)}` };
  });
  return steps;
}

export function renderStep({ what, ok, seen, seconds }: Step): string {
  return `  ${ok ? 'ok    ' : 'FAILED'}  ${what}\n          ${seen} (${seconds.toFixed(1)} s)`;
}

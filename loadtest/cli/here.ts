// A run on this machine: nodes, far ends and agents, where it can be in a network of their own.

import { homedir } from 'node:os';
import { complain, EXIT } from './exit.ts';
import { fit } from '../fit.ts';
import { findK6 } from '../k6-binary.ts';
import { type Inside, readInside } from './inside.ts';
import { measure, type Measured } from './measure.ts';
import type { RunOptions } from '../options.ts';
import { loadNow, readMachine } from '../rig/honesty.ts';
import { Names } from '../rig/names.ts';
import { enter, findIsolation, INSIDE, type Isolation, prepareNetwork, readNetwork, readPortRange } from '../rig/namespace.ts';
import { missingPeer } from '../rig/peers.ts';
import { startRunProbe } from '../rig/run-probe.ts';
import { startWorld } from '../rig/world.ts';
import type { Scenario } from '../scenario.ts';
import { takeMachine } from './take-machine.ts';

/** `args`: with which the program was called; inside of its own network it is called with the same. */
export async function runHere(
  found: Scenario,
  options: RunOptions,
  { args, stop }: { readonly args: readonly string[]; readonly stop: AbortSignal },
): Promise<number> {
  const before = readInside(process.env[INSIDE], readNetwork());
  if (typeof before === 'string') return complain(before, EXIT.usage);
  const isolation: Isolation = before !== null ? { isIsolated: true, flags: [] } : findIsolation(process.getuid?.() === 0);
  const { isIsolated } = isolation;
  const fitted = fit(found, options, readMachine(isIsolated, isIsolated ? [1_024, 65_535] : readPortRange()));
  if (typeof fitted === 'string') return complain(fitted, EXIT.usage);
  const { scenario } = fitted;
  const missing = scenario.through === 'squid' || scenario.through === 'haproxy' ? missingPeer(scenario.through) : null;
  if (missing !== null) return complain(missing, EXIT.missing);
  const lock = takeMachine();
  if (typeof lock === 'string') return complain(lock, EXIT.missing);
  try {
    const inside = before ?? (await findInside(isolation, stop));
    if (before === null && isolation.isIsolated) return goInside(isolation.flags, args, inside);
    return await perform({ ...fitted, inside, options, targetUrl: null, lock, stop });
  } catch (error) {
    return stop.aborted ? EXIT.interrupted : complain((error as Error).message, EXIT.missing);
  } finally {
    lock.release();
  }
}

/** Rejects where there is no k6, or the signal came meanwhile. */
async function findInside(isolation: Isolation, stop: AbortSignal): Promise<Inside> {
  const { path } = await findK6({ env: process.env, progress: (line) => console.error(line), signal: stop });
  stop.throwIfAborted();
  const { isIsolated } = isolation;
  return { k6: path, isIsolated, why: isIsolated ? null : isolation.why, loadBefore: loadNow(), from: readNetwork() };
}

/** The program replaces itself by itself in a network of its own, and has to take the machine again there: nothing behind `enter` runs. */
function goInside(flags: readonly string[], args: readonly string[], inside: Inside): never {
  const [, program = ''] = process.argv;
  return enter(flags, [process.execPath, ...process.execArgv, program, ...args], { ...process.env, [INSIDE]: JSON.stringify(inside) });
}

async function perform(run: Measured): Promise<number> {
  const { scenario, plan, shrunk, inside, stop } = run;
  const { isIsolated, why } = inside;
  return await measure(run, ({ folder, processes, say }) => {
    const troubles = isIsolated ? prepareNetwork(scenario) : [`no network of our own (${why}): ports, names and limits are the machine's`];
    for (const words of [...troubles, ...(shrunk === null ? [] : [shrunk])]) say(words);
    const names = isIsolated ? coverNames(folder) : null;
    const world = { scenario, plan, folder, processes, names, env: nodeEnvironment(), stop };
    return {
      ...{ troubles, machine: { number: 1, of: 1 }, beginsMs: null },
      startWorld: (heardFarEnd) => startWorld({ ...world, heardFarEnd }),
      startProbe: (started) => startRunProbe(scenario, started, processes),
    };
  });
}

function coverNames(folder: string): Names {
  const names = new Names(folder);
  names.cover();
  return names;
}

/** Nodes get what any service has, and none of the caller's settings for proxies. */
function nodeEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: process.env['HOME'] ?? homedir(), LANG: 'C.UTF-8' };
}

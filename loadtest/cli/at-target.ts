// A run at a real fleet: nothing is started here but k6, and nothing is done to a node.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileProblem } from '../file-problem.ts';
import { complain, EXIT } from './exit.ts';
import { findK6, pinnedVersion } from '../k6-binary.ts';
import { manifestOf } from '../manifest.ts';
import { measure, REPORTS } from './measure.ts';
import type { RunOptions } from '../options.ts';
import { beginOf } from '../plan.ts';
import { agentPlan } from '../rig/agents.ts';
import { SCRIPT } from '../rig/generators.ts';
import { loadNow, readMachine } from '../rig/honesty.ts';
import { readPortRange } from '../rig/namespace.ts';
import { worldOutside } from '../rig/world.ts';
import type { Scenario } from '../scenario.ts';
import type { AgentPlan } from '../shared/agent-plan.ts';
import { aim, parseTarget, type Target } from '../target.ts';
import { aliasesOf, doorsOf } from '../target-dns.ts';
import { planTarget, scenarioAt } from '../target-plan.ts';
import { takeMachine } from './take-machine.ts';

/** Of a target, and of roots. */
const BYTES_MAX = 1_048_576;

/** To make the archive and the map, and for the pods to start. */
const MANIFEST_LEAD_MS = 600_000;

/** `file`: the target's. */
export async function runAtTarget(file: string, found: Scenario, options: RunOptions, stop: AbortSignal): Promise<number> {
  const read = readTarget(file);
  if (!read.ok) return complain(`${file}:\n${read.problems.map((problem) => `  ${problem}`).join('\n')}`, EXIT.usage);
  const { target } = read;
  const roots = target.caFile === undefined ? null : problemOfRoots(target.caFile);
  if (roots !== null) return complain(`${file}:\n  caFile: ${roots}`, EXIT.usage);
  const triesPerSecond = aim(target, { aliases: await aliasesOf(target.url), quota: options.quota });
  if (typeof triesPerSecond === 'string') return complain(triesPerSecond, EXIT.usage);
  const scenario = scenarioAt(found, target, triesPerSecond, options);
  if (typeof scenario === 'string') return complain(scenario, EXIT.usage);
  const planned = planTarget(scenario, readMachine(false, readPortRange()), {
    ...{ machine: target.machine, triesPerSecond, doors: await doorsOf(target.proxy) },
  });
  if (typeof planned === 'string') return complain(planned, EXIT.usage);
  const startsMs = target.startsAt === undefined ? null : Date.parse(target.startsAt);
  const begins = beginOf(startsMs, planned.vus / target.machine.of, Date.now());
  if (typeof begins === 'string') return complain(`startsAt: ${begins}`, EXIT.usage);
  if (options.hasManifest) {
    const agents = agentPlan(scenario, planned, target.url, startsMs ?? Date.now() + MANIFEST_LEAD_MS);
    return printManifest(scenario.name, target, planned.generators, agents);
  }
  const lock = takeMachine();
  if (typeof lock === 'string') return complain(lock, EXIT.missing);
  try {
    const k6 = (await findK6({ env: process.env, progress: (line) => console.error(line), signal: stop })).path;
    const inside = { k6, isIsolated: false, why: null, loadBefore: loadNow() };
    const env = target.caFile === undefined ? {} : { SSL_CERT_FILE: resolve(target.caFile) };
    return await measure({ scenario, plan: planned, shrunk: null, inside, options, targetUrl: target.url, lock, stop }, () => ({
      ...{
        troubles: [
          `of a real fleet: agents are machine ${target.machine.number} of ${target.machine.of}, and nodes are seen from outside only`,
        ],
      },
      ...{ machine: target.machine, beginsMs: startsMs, startProbe: () => Promise.resolve(null) },
      startWorld: () => Promise.resolve(worldOutside(target.url, target.proxy, env)),
    }));
  } catch (error) {
    return stop.aborted ? EXIT.interrupted : complain((error as Error).message, EXIT.missing);
  } finally {
    lock.release();
  }
}

/** The plan into a file, the manifest to standard output, and what has to be done before it to standard error. */
function printManifest(name: string, { machine, proxy, caFile }: Target, generators: number, agents: AgentPlan): number {
  const planFile = resolve(REPORTS, `${name}-plan.json`);
  try {
    mkdirSync(dirname(planFile), { recursive: true });
    // A signature may be in its URL.
    writeFileSync(planFile, `${JSON.stringify(agents)}\n`, { mode: 0o600 });
  } catch (error) {
    return complain(`the plan could not be written: ${(error as Error).message}`, EXIT.missing);
  }
  const { yaml, steps } = manifestOf({
    ...{ name, proxy, generators, planFile, beginsMs: agents.beginsMs, endsMs: agents.endsMs, machines: machine.of },
    ...{ k6Version: pinnedVersion(), caFile: caFile === undefined ? null : resolve(caFile), script: SCRIPT },
  });
  console.error(steps.trimEnd());
  console.log(yaml.trimEnd());
  return EXIT.pass;
}

/** Go says nothing of roots that it cannot read: every open would fail. Null where there are some. */
function problemOfRoots(file: string): string | null {
  try {
    return readSmall(file, 'list of roots').includes('-----BEGIN CERTIFICATE-----')
      ? null
      : `there is no certificate in ${resolve(file)} (PEM)`;
  } catch (error) {
    return (error as Error).message;
  }
}

function readSmall(file: string, what: string): string {
  const problem = fileProblem(file, what, BYTES_MAX);
  if (problem !== null) throw new Error(problem);
  return readFileSync(file, 'utf8');
}

function readTarget(file: string): ReturnType<typeof parseTarget> {
  try {
    return parseTarget(readSmall(file, 'target'));
  } catch (error) {
    return { ok: false, problems: [(error as Error).message] };
  }
}

// Starts k6, as many processes as are wanted, each with an execution segment of one plan, and reads what they write.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTick } from '../shared/tick.ts';
import type { Generators, GeneratorsPlan } from './parts.ts';
import { type Processes, type Started, wordsOf } from './processes.ts';

export const SCRIPT = join(import.meta.dirname, '..', 'k6', 'agents.ts');
/** k6 closes its sockets first. */
const PATIENCE_MS = 10_000;

export async function startGenerators(plan: GeneratorsPlan, all: Processes): Promise<Generators> {
  const { agents, processes, machine = { number: 1, of: 1 } } = plan;
  if (agents.vus < processes * machine.of) throw new Error(`${agents.vus} VUs cannot be divided among ${processes} k6 processes`);
  mkdirSync(plan.folder, { recursive: true });
  const planFile = join(plan.folder, 'agents.json');
  writeFileSync(planFile, JSON.stringify(agents));
  const env = environment(plan);
  const children = Array.from({ length: processes }, (_, index) => {
    const args = k6Arguments({ index: (machine.number - 1) * processes + index, of: machine.of * processes }, planFile);
    return all.start({ name: `k6 ${index + 1}`, command: [plan.k6, ...args], folder: plan.folder, env, heard: hear(plan) });
  });
  let isStopping = false;

  const whole = async (child: Started, index: number): Promise<void> => {
    const ended = await child.ended;
    if (isStopping || (ended.code === 0 && Date.now() >= agents.endsMs)) return;
    const early = ended.code === 0 ? ` before the plan's end` : '';
    throw new Error(`k6 ${index + 1} of ${processes}${early} ${wordsOf(ended)}`);
  };
  const ended = Promise.all(children.map(whole)).then(() => {});
  // Whoever waits for it hears of it; until somebody does it must not end the process.
  ended.catch(() => {});
  return {
    pids: children.map(({ pid }) => pid).filter((pid) => pid !== 0),
    ended,
    stop: async () => {
      isStopping = true;
      await Promise.all(children.map((child) => all.stop(child, PATIENCE_MS)));
    },
  };
}

function hear({ heard, torn, complained }: GeneratorsPlan): (line: string) => boolean {
  return (line) => {
    const said = parseTick(line);
    if (said.kind === 'tick') heard(said.tick);
    if (said.kind === 'torn') torn();
    if (said.kind !== 'tick' && line.trim() !== '') complained(said.kind === 'torn' ? `torn: ${line}` : line);
    return said.kind === 'tick';
  };
}

interface Share {
  readonly index: number;
  readonly of: number;
}

/** k6's own thresholds are off: the report judges all processes together. No control server, since several would want one port. */
export function k6Arguments({ index, of }: Share, planFile: string): string[] {
  const cut = (at: number): string => (at === 0 ? '0' : at === of ? '1' : `${at}/${of}`);
  const segment = of === 1 ? [] : ['--execution-segment', `${cut(index)}:${cut(index + 1)}`, '--execution-segment-sequence', cuts(of, cut)];
  const quiet = ['--quiet', '--address', '', '--log-format', 'raw', '--summary-mode', 'disabled', '--no-thresholds'];
  return ['run', ...quiet, ...segment, '-e', `PLAN=${planFile}`, '-e', 'TICKS=1', SCRIPT];
}

function cuts(of: number, cut: (at: number) => string): string {
  return Array.from({ length: of + 1 }, (_, at) => cut(at)).join(',');
}

/** A collection of gigabytes stalls all agents of a process: half as many, for half as much memory again. */
const GO = { GOGC: '200' };

/** What the caller's shell says of proxies is not for this run, in either spelling. */
function environment({ proxy, env }: GeneratorsPlan): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(https?_proxy|all_proxy|no_proxy|k6_.*)$/i.test(name));
  const through = proxy === null ? {} : { HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
  return { ...GO, ...Object.fromEntries(own), K6_NO_USAGE_REPORT: 'true', ...through, ...env };
}

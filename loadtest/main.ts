// `./pinhole loadtest`: the load rig. Says what is asked for, catches signals, and ends once all is said.

import { complain, EXIT } from './cli/exit.ts';
import { parseLoadtestOptions, type RunOptions, USAGE } from './options.ts';
import { findScenario, SCENARIOS } from './scenarios.ts';

/** npm and a shell may deliver one Ctrl-C twice; a second one that comes later is meant. */
const SECOND_SIGNAL_AFTER_MS = 1_000;

const stop = new AbortController();

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseLoadtestOptions(args);
  const output = { out: (text: string) => console.log(text), err: (text: string) => console.error(text) };
  switch (parsed.kind) {
    case 'help':
      console.log(USAGE);
      return EXIT.pass;
    case 'problem':
      console.error(`pinhole loadtest: ${parsed.problem}`);
      return EXIT.usage;
    case 'list':
      console.log(parsed.isJson ? JSON.stringify(SCENARIOS) : renderList());
      return EXIT.pass;
    case 'compare':
      return (await import('./report/compare.ts')).compare(parsed.args, output);
    case 'card':
      return (await import('./card/main.ts')).card(parsed.args, output);
    case 'run':
      return await run(parsed.options, args);
    default:
      return parsed satisfies never;
  }
}

async function run(options: RunOptions, args: readonly string[]): Promise<number> {
  const found = findScenario(options.scenario);
  if (found === null) return complain(`no scenario is called ${options.scenario}`, EXIT.usage);
  const { target } = options;
  if (target !== null) return (await import('./cli/at-target.ts')).runAtTarget(target, found, options, stop.signal);
  return (await import('./cli/here.ts')).runHere(found, options, { args, stop: stop.signal });
}

function renderList(): string {
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length));
  return SCENARIOS.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}`).join('\n');
}

function catchSignals(): void {
  let firstAtMs: number | null = null;
  const heard = (): void => {
    if (firstAtMs !== null && performance.now() - firstAtMs > SECOND_SIGNAL_AFTER_MS) process.exit(EXIT.interrupted);
    firstAtMs ??= performance.now();
    stop.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, heard);
  // A reader that left (`| head`) ends the run like a terminal that closes; without a listener it would end without order.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', heard);
}

/** Ends once what was said is out: to a pipe Node writes later what does not fit at once. */
async function end(code: number): Promise<never> {
  const out = (stream: NodeJS.WriteStream): Promise<void> =>
    new Promise((resolve) => stream.once('error', () => resolve()).write('', () => resolve()));
  await Promise.all([out(process.stdout), out(process.stderr)]);
  process.exit(code);
}

catchSignals();
await end(await main(process.argv.slice(2)));

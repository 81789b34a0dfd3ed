// `./pinhole loadtest`: the load rig. Says what is asked for, catches signals, and ends once all is said.

import { complain, EXIT } from './cli/exit.ts';
import { catchSignals } from './cli/signals.ts';
import { parseLoadtestOptions, type RunOptions, USAGE } from './options.ts';
import { findScenario, SCENARIOS } from './scenarios.ts';

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

/** Ends once what was said is out: to a pipe Node writes later what does not fit at once. */
async function end(code: number): Promise<never> {
  const out = (stream: NodeJS.WriteStream): Promise<void> =>
    new Promise((resolve) => stream.once('error', () => resolve()).write('', () => resolve()));
  await Promise.all([out(process.stdout), out(process.stderr)]);
  process.exit(code);
}

/** A mistake of this program's own is neither a pass nor a fail of what it measured; Node's own code for it, 1, would say so. */
function blunder(error: unknown): number {
  return complain(error instanceof Error ? (error.stack ?? error.message) : String(error), EXIT['not a valid run']);
}

catchSignals({
  ...{ signals: process, outputs: [process.stdout, process.stderr], nowMs: () => performance.now() },
  stop: () => stop.abort(),
  exit: () => process.exit(EXIT.interrupted),
});
process.on('uncaughtException', (error) => process.exit(blunder(error)));
await end(await main(process.argv.slice(2)).catch(blunder));

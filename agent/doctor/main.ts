// `./pinhole doctor`, and the one file to copy to a site. The only file of the doctor that reads the environment, and prints.

import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { systemClock } from '../clock.ts';
import { diagnose } from './diagnose.ts';
import { loadDoctorFiles } from './files.ts';
import { parseDoctorOptions, USAGE } from './options.ts';
import { renderJson, renderVerdict } from './render.ts';

const EXIT = { good: 0, trouble: 1, usage: 64 } as const;

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseDoctorOptions(args);
  if (parsed.kind === 'help') {
    console.log(USAGE);
    return EXIT.good;
  }
  if (parsed.kind === 'problems') return usageError(parsed.problems);
  const { options } = parsed;
  const readFile = (path: string): string => readFileSync(path, 'utf8');
  const loaded = loadDoctorFiles(options.files, readFile);
  if (!loaded.ok) return usageError(loaded.problems);

  const lookupHere = async (host: string): Promise<string[]> => (await lookup(host, { all: true })).map(({ address }) => address);
  const deps = { clock: systemClock, random: Math.random, env: process.env, lookup: lookupHere, readFile };
  const verdict = await diagnose(options, loaded.texts, deps);
  console.log(options.isJson ? renderJson(verdict) : renderVerdict(verdict));
  return verdict.isGood ? EXIT.good : EXIT.trouble;
}

function usageError(problems: readonly string[]): number {
  for (const problem of problems) console.error(problem);
  console.error('--help shows all flags');
  return EXIT.usage;
}

const code = await main(process.argv.slice(2));
// What was said has to be out, to a pipe too.
await new Promise<void>((resolve) => process.stdout.once('error', () => resolve()).write('', () => resolve()));
process.exit(code);

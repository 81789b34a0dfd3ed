// `fleet-file`: the outputs of a deployment to FLEET.yaml.

import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { readArguments, textOf } from '../../proxy/cli/arguments.ts';
import { extendFleetFile, newFleetFile } from './fleet-file.ts';
import { type DeployIo, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './io.ts';
import type { AddressOf } from './node-file.ts';
import { readAddresses } from './outputs.ts';
import { readStage, readText } from './read-stage.ts';
import type { Stage } from './stage.ts';

const USAGE = `Usage: npm run deploy -- fleet-file --stage FILE --outputs FILE [--file FLEET.yaml]

Writes FLEET.yaml from what a deployment has made. One that is there keeps its weights, roles and comments: new slots are added behind them,
and a published address that differs is refused.

      --stage FILE    the stage
      --outputs FILE  what \`cdk deploy --outputs-file\` wrote
      --file FILE     the file to write, FLEET.yaml unless given
  -h, --help          this text

Exit codes: 0 written, or nothing to add, 1 the files contradict each other, 64 wrong command line or mistakes in the stage.
`;

export function runFleetFile(args: readonly string[], io: DeployIo): number {
  const read = readArguments(args, {
    ...{ stage: { type: 'string' }, outputs: { type: 'string' }, file: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (read.ok && read.values['help'] === true) return (io.stdout(USAGE), EXIT_OK);
  const [stageFile, outputs] = read.ok ? [textOf(read.values, 'stage'), textOf(read.values, 'outputs')] : [];
  if (!read.ok || stageFile === undefined || outputs === undefined) {
    io.stderr(`fleet-file: ${read.ok ? '--stage FILE and --outputs FILE are needed' : read.why}; see --help\n`);
    return EXIT_USAGE;
  }
  const stage = readStage(stageFile, io);
  if (stage === null) return EXIT_USAGE;
  const text = readText(outputs, io);
  if (text === null) return EXIT_FAILED;
  const addresses = readAddresses(text, stage.prefix);
  if (typeof addresses === 'string') return fail([`${outputs}: ${addresses}`], io);
  const lacking = stage.slots.filter(({ id }) => !addresses.has(id));
  if (lacking.length > 0)
    return fail([`${outputs}: has no address for ${lacking.map(({ id }) => id).join(', ')}: deploy the stage first`], io);
  return write(stage, textOf(read.values, 'file') ?? 'FLEET.yaml', ({ id }) => addresses.get(id) ?? '', io);
}

function write(stage: Stage, file: string, addressOf: AddressOf, io: DeployIo): number {
  const isThere = existsSync(file);
  const before = isThere ? readText(file, io) : null;
  if (isThere && before === null) return EXIT_FAILED;
  const made =
    before === null
      ? { text: newFleetFile(stage, addressOf), added: stage.slots.map(({ id }) => id) }
      : extendFleetFile(stage, addressOf, before);
  if ('problems' in made) return fail(made.problems, io);
  if (made.text === before) {
    io.stdout(`${file} has every slot already; nothing is changed\n`);
    return EXIT_OK;
  }
  // Whole or not at all: `fleet run` may be reading it.
  writeFileSync(`${file}.new`, made.text);
  renameSync(`${file}.new`, file);
  io.stdout(`${file}: ${made.added.join(', ')} added\n`);
  return EXIT_OK;
}

function fail(problems: readonly string[], io: DeployIo): number {
  for (const problem of problems) io.stderr(`fleet-file: ${problem}\n`);
  return EXIT_FAILED;
}

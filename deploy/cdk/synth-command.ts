// `synth`: a stage to CloudFormation templates, without network or credentials.

import { readArguments, textOf } from '../../proxy/cli/arguments.ts';
import { buildApp } from './app.ts';
import { type DeployIo, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './io.ts';
import { readStage } from './read-stage.ts';
import { renderSummary, summarise } from './synth-summary.ts';

const USAGE = `Usage: npm run synth -- --stage FILE [--out DIR] [--json]

Writes the CloudFormation templates of a stage, held to the rules of cdk-nag. Asks nothing of AWS.

      --stage FILE  the stage, as docs/deploy.md says; deploy/stages/example.yaml is one
      --out DIR     where the templates go; cdk.out unless given
      --json        print one JSON object
  -h, --help        this text

Exit codes: 0 written, 1 a finding that nobody has answered, 64 wrong command line, or mistakes in the stage: all of them at once.
`;

export function runSynth(args: readonly string[], io: DeployIo): number {
  const read = readArguments(args, {
    stage: { type: 'string' },
    out: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (read.ok && read.values['help'] === true) return (io.stdout(USAGE), EXIT_OK);
  const file = read.ok ? textOf(read.values, 'stage') : undefined;
  if (!read.ok || file === undefined) {
    io.stderr(`synth: ${read.ok ? '--stage FILE is missing' : read.why}; see --help\n`);
    return EXIT_USAGE;
  }
  const stage = readStage(file, io);
  if (stage === null) return EXIT_USAGE;
  const app = buildApp(stage, textOf(read.values, 'out') ?? 'cdk.out');
  try {
    const summary = summarise(stage, app, app.synth());
    io.stdout(read.values['json'] === true ? `${JSON.stringify(summary)}\n` : renderSummary(summary));
    return EXIT_OK;
  } catch (error) {
    // CDK has said each finding by then.
    io.stderr(`synth: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT_FAILED;
  }
}

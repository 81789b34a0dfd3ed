// `provision`: one device of a stage, with its files and the line that runs the agent as it.

import { IoTClient } from '@aws-sdk/client-iot';
import { readArguments, textOf } from '../../proxy/cli/arguments.ts';
import { type DeployIo, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from '../cdk/io.ts';
import { readStage } from '../cdk/read-stage.ts';
import { deviceFolder } from './agent-line.ts';
import { type Device, provision } from './provision.ts';

/** AWS IoT, CreateThing; but no hyphen first, which the agent would take for an option. */
const THING = /^[a-zA-Z0-9:_][a-zA-Z0-9:_-]{0,127}$/;

const USAGE = `Usage: npm run deploy -- provision --stage FILE --thing NAME [--dir DIR] [--json]

Makes one device of a stage that is deployed: a key, which stays here, a certificate for it, and what hangs on that. Prints the line that runs
the agent as it, and writes it to DIR/run-agent. Run it again where it broke off.

      --stage FILE  the stage
      --thing NAME  the device
      --dir DIR     where its files go, devices/NAME unless given
      --json        print one JSON object
  -h, --help        this text

Credentials come from where AWS's SDKs look; the stack's policy PREFIX-provisioner is enough.
Exit codes: 0 made, 1 AWS refused or could not be reached, 64 wrong command line or mistakes in the stage.
`;

export async function runProvision(args: readonly string[], io: DeployIo): Promise<number> {
  const read = readArguments(args, {
    ...{ stage: { type: 'string' }, thing: { type: 'string' }, dir: { type: 'string' } },
    ...{ json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (read.ok && read.values['help'] === true) return (io.stdout(USAGE), EXIT_OK);
  const [file, thing] = read.ok ? [textOf(read.values, 'stage'), textOf(read.values, 'thing')] : [];
  if (!read.ok || file === undefined || thing === undefined)
    return usageError(read.ok ? '--stage FILE and --thing NAME are needed' : read.why, io);
  if (!THING.test(thing))
    return usageError(`${JSON.stringify(thing)}: expected up to 128 letters, digits, colons, hyphens and underscores, no hyphen first`, io);
  const stage = readStage(file, io);
  if (stage === null) return EXIT_USAGE;

  const client = new IoTClient({ region: stage.region });
  try {
    const device = await provision(client, stage, thing, textOf(read.values, 'dir') ?? deviceFolder(thing));
    io.stdout(read.values['json'] === true ? `${JSON.stringify(device)}\n` : render(thing, device));
    return EXIT_OK;
  } catch (error) {
    io.stderr(`provision: ${wordsOf(error)}\n`);
    return EXIT_FAILED;
  } finally {
    client.destroy();
  }
}

function render(thing: string, { folder, certificateArn, line, otherEndpoint }: Device): string {
  const warning =
    otherEndpoint === null
      ? ''
      : `warning: the data endpoint of this account is ${otherEndpoint}, which the stage does not list: is it the right account?\n`;
  return `${warning}${thing}: ${certificateArn}\nIts key and certificate are in ${folder}.\n${line === null ? '' : `\n${line}\n`}`;
}

function usageError(why: string, io: DeployIo): number {
  io.stderr(`provision: ${why}; see --help\n`);
  return EXIT_USAGE;
}

function wordsOf(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  if (name === 'CredentialsProviderError')
    return 'no credentials for AWS were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
  if (name === 'ResourceNotFoundException') return `${message}: is the stage's devices stack deployed?`;
  return name === 'Error' ? message : `${name}: ${message}`;
}

// What `npm run synth` and `npm run deploy` call: stages to templates, outputs to FLEET.yaml, devices to AWS IoT. The only file of deploy/ that
// reads the environment and ends the process.

const USAGE = `Usage: npm run deploy -- COMMAND [ARGUMENTS]

  synth        a stage to CloudFormation templates (npm run synth does the same)
  fleet-file   the outputs of a deployment to FLEET.yaml
  provision    one device, its files, and the line that runs the agent as it

COMMAND --help says more. Deploying itself is \`npx cdk deploy\` of what synth wrote: docs/deploy.md.
`;

async function main([command, ...args]: readonly string[]): Promise<number> {
  const io = {
    stdout: (text: string) => void process.stdout.write(text),
    stderr: (text: string) => void process.stderr.write(text),
    env: process.env,
    nowMs: () => Date.now(),
  };
  if (command === 'synth') return (await import('./cdk/synth-command.ts')).runSynth(args, io);
  if (command === 'fleet-file') return (await import('./cdk/fleet-file-command.ts')).runFleetFile(args, io);
  if (command === 'provision') return (await import('./identity/provision-command.ts')).runProvision(args, io);
  const isHelp = command === '--help' || command === '-h';
  (isHelp ? io.stdout : io.stderr)(USAGE);
  return isHelp ? 0 : 64;
}

process.exitCode = await main(process.argv.slice(2));

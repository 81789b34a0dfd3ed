// What `synth` says of what it has written.

import { type App, Validations } from 'aws-cdk-lib';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import type { Stage } from './stage.ts';

export interface SynthSummary {
  readonly stage: string;
  readonly name: string;
  readonly shape: Stage['shape'];
  readonly place: string;
  readonly stacks: readonly { readonly name: string; readonly resources: number; readonly types: Readonly<Record<string, number>> }[];
  /** Findings of cdk-nag and of CDK's own rules that were answered with a reason; any other stops synth. */
  readonly acknowledged: number;
  readonly folder: string;
}

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string }>>;
}

export function summarise(stage: Stage, app: App, assembly: CloudAssembly): SynthSummary {
  return {
    ...{ stage: stage.stage, name: stage.name, shape: stage.shape, place: `${stage.region}, account ${stage.account}` },
    stacks: assembly.stacks.map(({ stackName, template }) => {
      const types = Object.values((template as Template).Resources).map(({ Type }) => Type);
      return { name: stackName, resources: types.length, types: countEach(types) };
    }),
    acknowledged: acknowledgements(app),
    folder: assembly.directory,
  };
}

function countEach(words: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const word of words.toSorted()) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Object.fromEntries(counts);
}

function acknowledgements(app: App): number {
  return app.node.findAll().flatMap(({ node }) => node.metadata.filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY))
    .length;
}

export function renderSummary({ stage, name, shape, place, stacks, acknowledged, folder }: SynthSummary): string {
  const rows = stacks.map(({ name, resources, types }) => {
    const most = Object.entries(types)
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, 4);
    return `  ${name.padEnd(32)} ${String(resources).padStart(3)} resources: ${most.map(([type, count]) => `${count} ${type.replace('AWS::', '')}`).join(', ')} ...`;
  });
  return [
    `stage ${stage}: ${name}, shape ${shape}, ${place}`,
    ...rows,
    `  cdk-nag (AwsSolutions) and CloudFormation Validate: no finding; ${acknowledged} acknowledged, each with its reason beside the resource`,
    '',
    `Written to ${folder}. To see what it would change, and to make it:`,
    `  npx cdk diff --app ${folder}`,
    `  npx cdk deploy --app ${folder} --all --outputs-file outputs.json`,
    '',
  ].join('\n');
}

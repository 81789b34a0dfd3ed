// What a configuration would mean for a running node, asked before it is taken: would it be, and which open tunnels would it close? Reads the file
// and asks the carriers as a change would, and leaves everything as it is.

import type { CarrierSurvey, DryRunResult } from '../core/supervision.ts';
import type { ReloadPlan } from './plan.ts';
import { EXIT } from './plan.ts';
import type { Reading } from './prepare-child.ts';

/** A generation as far as it is asked. */
export interface Surveyed {
  readonly number: number;
  readonly version: string;
  readonly launch: { readonly root: string };
  survey(file: string): Promise<CarrierSurvey[]>;
}

export interface DryRunDeps<G extends Surveyed> {
  /** By which file the node runs, and by which version of it. */
  readonly running: string;
  readonly policyVersion: string;
  /** The current one first, then those that are retired. */
  readonly generations: readonly [G, ...G[]];
  /** Has a file read for a generation, by the code of that. */
  read(file: string, generation: G): Reading;
}

/** `file` would take the place of the one that the node runs by. Never rejects. */
export async function dryRun<G extends Surveyed>(deps: DryRunDeps<G>, file: string): Promise<DryRunResult> {
  const { running, policyVersion: before, generations, read } = deps;
  const [current, ...retired] = generations;
  const nothing: Omit<DryRunResult, 'outcome' | 'code'> = {
    ...{ file, running, before, policyVersion: null },
    ...{ changed: [], problems: [], atStart: [], revoked: null, rate: null, carriers: [], why: null },
  };
  const reading = read(file, current);
  try {
    const plan = await reading.plan;
    if (typeof plan === 'string') return { ...nothing, outcome: 'failed', code: EXIT.failed, why: plan };
    if (plan.version !== current.version) {
      const atStart = [{ key: 'the installed version', running: current.version, wanted: plan.version }];
      return { ...nothing, outcome: 'at-start', code: EXIT.atStart, atStart };
    }
    if (plan.kind === 'bad') return { ...nothing, outcome: 'bad', code: EXIT.usage, problems: plan.problems };
    if (plan.kind === 'at-start') return { ...nothing, outcome: 'at-start', code: EXIT.atStart, atStart: plan.changes };
    if (plan.kind === 'failed') return { ...nothing, outcome: 'failed', code: EXIT.failed, why: plan.why };
    if (plan.kind === 'unchanged') return { ...nothing, outcome: 'unchanged', code: EXIT.ok, policyVersion: before };

    const { preparedSettings, policyVersion, revoked, drain } = plan.plan;
    const surveys = await Promise.all([
      current.survey(preparedSettings),
      ...retired.map((generation) => surveyRetired(deps, generation, file, preparedSettings)),
    ]);
    const carriers = surveys.flat();
    const code = carriers.every(({ survey }) => survey !== null) ? EXIT.ok : EXIT.failed;
    return { ...nothing, outcome: 'would-take', code, policyVersion, changed: plan.changed, revoked, rate: drain.rate, carriers };
  } finally {
    reading.cleanUp();
  }
}

/** One of another version reads the file by its own rules; where it does not take it, it closes nothing by it. */
async function surveyRetired<G extends Surveyed>(
  { generations: [current], read }: DryRunDeps<G>,
  generation: G,
  file: string,
  preparedSettings: string,
): Promise<CarrierSurvey[]> {
  if (generation.launch.root === current.launch.root && generation.version === current.version) return generation.survey(preparedSettings);
  const reading = read(file, generation);
  try {
    const plan = await reading.plan;
    if (typeof plan !== 'string' && plan.kind === 'changed') return await generation.survey(plan.plan.preparedSettings);
    if (typeof plan !== 'string' && plan.kind === 'unchanged') return [];
    const why = `its version (${generation.version}) would not take it: ${typeof plan === 'string' ? plan : whyNot(plan)}`;
    return [{ generation: generation.number, who: 'all of it', survey: null, why }];
  } finally {
    reading.cleanUp();
  }
}

function whyNot(plan: ReloadPlan & { readonly kind: 'bad' | 'at-start' | 'failed' }): string {
  if (plan.kind === 'bad') return plan.problems[0] ?? 'the file has mistakes';
  return plan.kind === 'failed' ? plan.why : `${plan.changes.map(({ key }) => key).join(', ')}: at a start only`;
}

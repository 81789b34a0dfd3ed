// A stage's text to a Stage, or to every mistake in it, each with its line, before anything is asked of AWS. Opens nothing: the one file
// that it names comes through `readFile`.

import type { Environment } from '../../proxy/config/document.ts';
import { Files } from '../../proxy/config/files.ts';
import { fieldOf } from '../../proxy/config/part.ts';
import { inOrder, type Problem, Report } from '../../proxy/config/problem.ts';
import { readStrictly, withoutRepeats } from '../../proxy/config/read-strictly.ts';
import { companionOf } from '../../healthcheck/fleet/fleet.ts';
import { judgeCertificate } from './certificate-check.ts';
import { type Architecture, readInstanceType } from './instance-type.ts';
import { judgeMade } from './made-files.ts';
import { judgeNetwork } from './network-check.ts';
import { judgeShape } from './shape-check.ts';
import { type StageFile, stageSchema } from './stage-schema.ts';

export interface Slot {
  readonly id: string;
  readonly zone: string;
  readonly role: 'active' | 'spare';
}

export interface Stage extends Omit<StageFile, 'addresses'> {
  /** Prefix of every name that is made. */
  readonly prefix: string;
  readonly companion: string;
  readonly owner: string;
  readonly architecture: Architecture;
  readonly slots: readonly Slot[];
  /** `node` and `fleet` as they were written, without defaults: what is passed on. */
  readonly written: { readonly node: Readonly<Record<string, unknown>>; readonly fleet: Readonly<Record<string, unknown>> };
}

export type LoadedStage = { readonly stage: Stage; readonly warnings: readonly Problem[] } | { readonly problems: readonly Problem[] };

/** `file` is the path of the text: paths in it are relative to its folder. `nowMs` judges the certificate's dates. */
export function loadStage(text: string, file: string, env: Environment, readFile: (path: string) => string, nowMs: number): LoadedStage {
  const read = readStrictly(text, env, { schema: stageSchema, example: 'stage:, name: and addresses:' });
  if ('problems' in read) return read;
  const { document, found, value } = read;
  const early = withoutRepeats(document.problems, found);
  if (value === null || early.length > 0) return { problems: inOrder(early) };

  const report = new Report(document);
  const stage = stageOf(value, document.value);
  judgeName(stage, report);
  judgeNetwork(stage, report);
  judgeShape(stage, report);
  judgeMachine(stage, report);
  judgeCertificate(stage, new Files(file, readFile, report), report, nowMs);
  judgeMade(stage, report);
  return report.problems.length > 0 ? { problems: inOrder(report.problems) } : { stage, warnings: inOrder(report.warnings) };
}

function stageOf(file: StageFile, written: unknown): Stage {
  const mapAt = (key: string): Record<string, unknown> => (fieldOf(written, key) ?? {}) as Record<string, unknown>;
  return {
    ...file,
    prefix: `pinhole-${file.stage}`,
    companion: companionOf(file.name),
    owner: file.fleet.owner ?? `pinhole-${file.stage}`,
    architecture: readInstanceType(file.instance.type)?.architecture ?? 'arm64',
    slots: file.addresses.map(({ id, zone, role = 'active' }) => ({ id, zone, role })),
    written: { node: mapAt('node'), fleet: mapAt('fleet') },
  };
}

function judgeName({ name, zone }: Stage, report: Report): void {
  if (name === zone.name) report.problem(['name'], `the zone itself: its companion name would be outside of it; take a name below it`);
  else if (!name.endsWith(`.${zone.name}`))
    report.problem(['zone', 'name'], `${name} is not in the zone ${zone.name}: it is not yours to change`);
}

function judgeMachine({ instance, release, architecture }: Stage, report: Report): void {
  const type = readInstanceType(instance.type);
  if (type === null) return report.problem(['instance', 'type'], `${instance.type}: a name of another form than c7g.large`);
  if (!type.isNitro)
    report.problem(['instance', 'type'], `${instance.type} is not a Nitro type: its tracked connections can be neither timed nor counted`);
  const others = architecture === 'arm64' ? /x64|x86_64|amd64/ : /arm64|aarch64/;
  if (others.test(release.url))
    report.problem(
      ['release', 'url'],
      `by its name not for ${architecture}, which ${instance.type} is: take the other tarball, or another type`,
    );
}

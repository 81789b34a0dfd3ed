// The examples of deploy/stages as every test reads them, and each of them synthesized once for a whole file of tests.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildApp } from '../cdk/app.ts';
import { renderProblem } from '../../proxy/config/problem.ts';
import { loadStage, type Stage } from '../cdk/stage.ts';

export const NOW_MS = Date.UTC(2026, 10, 29);

export function stageFile(name: 'example' | 'example-nlb'): string {
  return fileURLToPath(new URL(`../stages/${name}.yaml`, import.meta.url));
}

export function stageText(name: 'example' | 'example-nlb'): string {
  return readFileSync(stageFile(name), 'utf8');
}

/** A stage of this text; `files` stand beside it. */
export function readStageText(text: string, files: Readonly<Record<string, string>> = {}) {
  const readFile = (path: string): string => {
    const found = files[path.slice('/stages/'.length)];
    if (found === undefined) throw Object.assign(new Error('gone'), { code: 'ENOENT' });
    return found;
  };
  return loadStage(text, '/stages/stage.yaml', {}, readFile, NOW_MS);
}

/** One that has to be good. */
export function goodStage(text: string, files: Readonly<Record<string, string>> = {}): Stage {
  const loaded = readStageText(text, files);
  if ('problems' in loaded) throw new Error(loaded.problems.map((problem) => renderProblem('stage.yaml', problem)).join('\n'));
  return loaded.stage;
}

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly UpdatePolicy?: unknown;
  readonly DependsOn?: string | readonly string[];
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
}

export interface Synthesized {
  readonly stage: Stage;
  /** By the last word of the stack's name. */
  readonly templates: Readonly<Record<string, Template>>;
}

/** With every rule of cdk-nag: a finding throws. */
export function synthesize(text: string, files: Readonly<Record<string, string>> = {}): Synthesized {
  const stage = goodStage(text, files);
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-synth-'));
  try {
    const { stacks } = buildApp(stage, folder).synth();
    const named = stacks.map(({ stackName, template }) => [stackName.slice(stage.prefix.length + 1), template as Template]);
    return { stage, templates: Object.fromEntries(named) as Record<string, Template> };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function ofType(template: Template | undefined, type: string): [id: string, resource: Resource][] {
  return Object.entries(template?.Resources ?? {}).filter(([, resource]) => resource.Type === type);
}

/** Every value of a template, however deep. */
export function valuesIn(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [value];
  return Object.values(value).flatMap(valuesIn);
}

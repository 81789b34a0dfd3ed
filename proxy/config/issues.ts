// What zod found, in an operator's words and with a place in the file.

import type * as z from 'zod';
import { didYouMean } from './did-you-mean.ts';
import { expectation, type JsonSchema, optionOf, schemaAt } from './json-schema.ts';
import { type ConfigPath, type Places, type Problem, renderPath } from './problem.ts';

type Issue = z.core.$ZodIssue;

/** `isMissing` tells a key that is not there from one that is wrong. */
export interface FoundProblem extends Problem {
  readonly isMissing: boolean;
}

/** What was read, and by what. */
export interface Checked {
  readonly value: unknown;
  readonly places: Places;
  readonly schema: JsonSchema;
}

export function problemsOf(issues: readonly Issue[], checked: Checked): FoundProblem[] {
  const { places, schema } = checked;
  const placed = issues.flatMap((issue) => intoUnions(issue, []));
  const meant = new Set<string>();
  const found: FoundProblem[] = [];
  for (const { issue, path: above } of placed) {
    if (issue.code !== 'unrecognized_keys') continue;
    const map = schemaAt(schema, above);
    const known = Object.keys((map && optionOf(map, 'object').properties) ?? {});
    for (const key of issue.keys) {
      const path = [...above, key];
      const guess = didYouMean(key, known);
      if (guess !== null) meant.add(renderPath([...above, guess]));
      const message = guess === null ? 'unknown key' : `unknown key; did you mean ${guess}?`;
      found.push({ ...places.keyAt(path), path: renderPath(path), message, isMissing: false });
    }
  }
  for (const one of placed) if (one.issue.code !== 'unrecognized_keys') found.push(describe(one, checked));
  // A key that is only misspelt is one mistake, not two.
  return found.filter((problem) => !(problem.isMissing && meant.has(problem.path)));
}

interface PlacedIssue {
  readonly issue: Issue;
  /** From the root of the file. */
  readonly path: ConfigPath;
}

/** What is wrong inside a union is what is wrong with the option that was meant. */
function intoUnions(issue: Issue, above: ConfigPath): PlacedIssue[] {
  const path = [...above, ...configPath(issue.path)];
  const inner = issue.code === 'invalid_union' ? closestOption(issue.errors) : null;
  return inner === null ? [{ issue, path }] : inner.flatMap((option) => intoUnions(option, path));
}

function describe({ issue, path }: PlacedIssue, checked: Checked): FoundProblem {
  const { value, places } = checked;
  const input = valueAt(value, path);
  const schema = schemaAt(checked.schema, path);
  const expected = schema === null ? 'something else' : expectation(schema);
  const isMissing = input === undefined;
  const message = isMissing ? `missing: expected ${expected}` : wrong(issue, expected, input, path);
  return { ...places.valueAt(path), path: renderPath(path), message, isMissing };
}

const SECRETS: ReadonlySet<string | number> = new Set(['token', 'tokens', 'login']);

function wrong(issue: Issue, expected: string, input: unknown, path: ConfigPath): string {
  if (issue.code === 'too_small' && issue.origin === 'array') return `expected at least ${issue.minimum} in the list`;
  if (issue.code === 'too_big' && issue.origin === 'array') return `expected at most ${issue.maximum} in the list`;
  const isOwnWords = issue.code === 'custom' || !issue.message.startsWith('Invalid');
  const isNumberRange = issue.code === 'too_small' || issue.code === 'too_big';
  const sentence = isOwnWords && !isNumberRange ? issue.message : `expected ${expected}`;
  // A secret never enters a message, not even a wrong one.
  return path.some((step) => SECRETS.has(step)) ? sentence : `${show(input)}: ${sentence}`;
}

/** The option of a union that the value was meant for: the one whose outermost type fits. */
function closestOption(options: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const fitting = options.filter((issues) => !issues.some((issue) => issue.path.length === 0 && isOfOtherType(issue)));
  return fitting.length === 1 ? (fitting[0] ?? null) : null;
}

function isOfOtherType(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function show(input: unknown): string {
  if (typeof input === 'string') return showText(withoutLogin(input));
  if (input === null) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  return typeof input === 'object' ? 'a map' : String(input);
}

function showText(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}...` : text);
}

/** What stands before an `@`, of a URL or of what was to be one, may be a login: that one is a secret whatever its key is called. */
function withoutLogin(text: string): string {
  const at = text.lastIndexOf('@');
  if (at < 0) return text;
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? '';
  return `${scheme}***${text.slice(at)}`;
}

function configPath(path: readonly PropertyKey[]): (string | number)[] {
  return path.map((step) => (typeof step === 'number' ? step : String(step)));
}

function valueAt(value: unknown, path: ConfigPath): unknown {
  let inner = value;
  for (const step of path) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, step)) return undefined;
    inner = (inner as Record<string | number, unknown>)[step];
  }
  return inner;
}

// A YAML text held to a schema: what is read whatever the file is about. What takes more than one key to judge is its reader's.

import type * as z from 'zod';
import { type ConfigDocument, type Environment, readDocument } from './document.ts';
import { type FoundProblem, problemsOf } from './issues.ts';
import { plainSchema } from './json-schema.ts';
import { inOrder, type Problem } from './problem.ts';

export interface Rules<S extends z.ZodType> {
  readonly schema: S;
  /** Keys of a good file, for whoever gives another kind of file: `listen: and endpoints:`. */
  readonly example: string;
}

/** `value` is null where the schema found problems. */
export interface ReadStrictly<T> {
  readonly document: ConfigDocument;
  readonly found: readonly FoundProblem[];
  readonly value: T | null;
}

/** Only problems where the text is so broken that looking further would invent some. */
export function readStrictly<S extends z.ZodType>(
  text: string,
  env: Environment,
  { schema, example }: Rules<S>,
): ReadStrictly<z.output<S>> | { readonly problems: Problem[] } {
  const document = readDocument(text, env);
  const root = rootProblem(document, example);
  if (root !== null) return { problems: inOrder([...document.problems, root]) };

  const parsed = schema.safeParse(document.value);
  const checked = { value: document.value, places: document, schema: plainSchema(schema) };
  const found = parsed.success ? [] : problemsOf(parsed.error.issues, checked);
  const { brokenFrom } = document;
  if (brokenFrom !== null) {
    // Behind a broken line anything may have been misread, a key that seems to be missing included.
    const sure = found.filter((problem) => problem.line < brokenFrom && !problem.isMissing);
    return { problems: inOrder(withoutRepeats(document.problems, sure)) };
  }
  return { document, found, value: parsed.success ? parsed.data : null };
}

function rootProblem(document: ConfigDocument, example: string): Problem | null {
  const { value } = document;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return null;
  const message = value === undefined || value === null ? 'the file is empty' : `expected a map of keys, such as ${example}`;
  return { line: 1, column: 1, path: '', message };
}

/** What cannot be read has one problem, not another for being empty; and what two steps see is said once. */
export function withoutRepeats(early: readonly Problem[], late: readonly Problem[]): Problem[] {
  const unreadable = new Set(early.map(placeOf));
  const said = new Set<string>();
  return [...early, ...late.filter((problem) => !unreadable.has(placeOf(problem)))].filter((problem) => {
    const key = `${placeOf(problem)} ${problem.path} ${problem.message}`;
    const isNew = !said.has(key);
    said.add(key);
    return isNew;
  });
}

function placeOf(problem: Problem): string {
  return `${problem.file ?? ''}:${problem.line}:${problem.column}`;
}

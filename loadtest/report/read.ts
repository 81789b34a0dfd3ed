// A report.json from the disk, as far as others than its own page need it.

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { fileProblem } from '../file-problem.ts';
import { unseen } from './figure.ts';
import { FIGURE_NAMES } from './figures.ts';
import { FORMAT, REPORT, type Summary } from './summary.ts';

const figure = z.looseObject({ value: z.number().nullable(), words: z.string(), low: z.number().optional(), high: z.number().optional() });
const fit = z.looseObject({ slope: z.number(), intercept: z.number(), low: z.number(), high: z.number() });
const text = z.string();

/** What compare and card rest on. Whatever else is in a summary was written by the same program, and only its own page shows it. */
const schema = z.looseObject({
  report: z.literal(REPORT, 'this is no report of a load test'),
  format: z.literal(FORMAT, `its format is not ${FORMAT}: it was written by another version`),
  isSynthetic: z.boolean(),
  began: text,
  ended: z.enum(['whole', 'interrupted', 'broken']),
  scenario: z.looseObject({
    name: text,
    through: text,
    to: text,
    nodes: z.int().min(1),
    tunnels: z.number(),
    quota: z.number().nullable(),
    work: z.looseObject({ kind: text }),
    events: z.array(z.unknown()),
  }),
  honesty: z.looseObject({
    machine: z.looseObject({ cpu: text, cores: z.number(), memoryMib: z.number(), kernel: text, hugePages: text.optional() }),
    versions: z.record(text, text),
    wire: text,
    isIsolated: z.boolean(),
    isPrivileged: z.boolean(),
  }),
  verdict: z.looseObject({ outcome: z.enum(['pass', 'fail', 'not a valid run']), invalid: z.array(text) }),
  figures: z.record(text, figure),
  costs: z.object({ cpuUsPerOpen: figure, cpuUsPerMessage: figure, emptyKib: figure }),
  percentiles: z.array(z.looseObject({ of: text, phase: text, count: z.number(), p50: z.number().nullable(), p99: z.number().nullable() })),
  memory: z.looseObject({ fit }).nullable(),
  totals: z.looseObject({ seconds: z.number(), mostEstablished: z.number() }),
});

/** Ten times what a report of ten minutes with 50,000 tunnels has, and more. */
const BYTES_MAX = 16 * 1_048_576;

/** Reports are handed on, and what is in one goes to a terminal: none of it may move the cursor, or turn words around. */
function printable(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ') : value;
}

/** The summary, or what is wrong with the file, in words. */
export function readReport(path: string): Summary | string {
  let value: unknown;
  try {
    const problem = fileProblem(path, 'report', BYTES_MAX);
    if (problem !== null) return problem;
    value = JSON.parse(readFileSync(path, 'utf8'), printable);
  } catch (error) {
    if (error instanceof SyntaxError) return `${path} is no JSON: give the report.json of a run, not its page`;
    return `${path} cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : String(error)})`;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return withAllFigures(value as Summary);
  const first = parsed.error.issues[0];
  return `${path}: ${first?.path.join('.') ?? ''}${first?.path.length ? ': ' : ''}${first?.message ?? 'no report'}`;
}

/** A report of an earlier version lacks figures that came later. */
function withAllFigures(summary: Summary): Summary {
  const absent = Object.fromEntries(FIGURE_NAMES.map((name) => [name, unseen('the report was written before there was this figure')]));
  return { ...summary, figures: { ...absent, ...summary.figures } };
}

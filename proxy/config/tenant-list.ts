// The list of tenants as it is written: under `tenants`, or in a file of its own, which may be long. That one is read item by item, since the YAML
// reader takes as long for ten thousand items at once as for ten times as many in small pieces.

import { type Environment, readDocument } from './document.ts';
import { problemsOf } from './issues.ts';
import { plainSchema } from './json-schema.ts';
import { type Part, partOf } from './part.ts';
import type { ConfigPath, Problem, Report } from './problem.ts';
import { withoutRepeats } from './read-strictly.ts';
import type { TenantEntry } from './schema.ts';
import { tenant } from './tenant-schema.ts';
import * as z from 'zod';

/** Six times what ten thousand tenants take: what is longer is another file. Below what is read of any file (cli/read-text.ts). */
export const TENANTS_BYTES_MAX = 12 * 1024 * 1024;
/** Behind so many problems the rest of the file is not read: it is something else, or broken throughout. */
const PROBLEMS_MAX = 200;
const ITEMS_AT_ONCE = 20;

const list = z.array(tenant);

/** One entry, and how to speak of it. */
export interface WrittenTenant {
  readonly part: Part<TenantEntry>;
  problem(at: ConfigPath, message: string): void;
  warning(at: ConfigPath, message: string): void;
}

/** Items of the configuration itself: its schema has been checked. */
export function tenantsInConfig(items: readonly unknown[], report: Report): WrittenTenant[] {
  return items.map((item, index) => ({
    part: partOf(tenant, item),
    problem: (at, message) => report.problem(['tenants', index, ...at], message),
    warning: (at, message) => report.warning(['tenants', index, ...at], message),
  }));
}

export interface TenantsText {
  /** Its path. */
  readonly file: string;
  readonly text: string;
  readonly env: Environment;
}

/** Problems and warnings have the name of their own file. */
export function tenantsInFile({ file, text, env }: TenantsText, report: Report): WrittenTenant[] {
  const found: WrittenTenant[] = [];
  let index = 0;
  const begun = report.problems.length;
  const pieces = piecesOf(text.replace(/^\uFEFF/, ''));
  for (const piece of pieces) {
    const read = readPiece(piece, env);
    const say = (problem: Problem): void => void report.problems.push(moved(problem, file, piece.line - 1, index));
    for (const problem of read.problems) say(problem);
    if (report.problems.length - begun > PROBLEMS_MAX) return found;
    found.push(...read.parts.map((part, inPiece) => writtenAt(part, { file, piece, env, first: index, inPiece }, report)));
    index += read.parts.length;
  }
  if (pieces.length === 0) report.problems.push({ line: 1, column: 1, path: '', message: EMPTY, file });
  return found;
}

const EMPTY = 'the file is empty: write [] where nobody may use the node';
const NO_LIST = 'expected a list of tenants, such as - id: acme';

interface Piece {
  readonly text: string;
  /** Its first line in the file, from 1. */
  readonly line: number;
}

/** Items of a block list begin at the margin, and nothing else inside one does (YAML 1.2 section 8.2.1). Any other form is one piece. */
function piecesOf(text: string): Piece[] {
  if (text.trim() === '') return [];
  if (!/^(?:---[^\n]*\n|#[^\n]*\n|\s*\n)*- /.test(text)) return [{ text, line: 1 }];
  const items = text.split(/^(?=- )/m);
  const pieces: Piece[] = [];
  let line = 1;
  for (let from = 0; from < items.length; from += ITEMS_AT_ONCE) {
    const piece = items.slice(from, from + ITEMS_AT_ONCE).join('');
    pieces.push({ text: piece, line });
    line += piece.split('\n').length - 1;
  }
  return pieces;
}

/** What is good as it is, as in nearly every piece, is read once. */
function readPiece(
  piece: Piece,
  env: Environment,
): { readonly parts: readonly Part<TenantEntry>[]; readonly problems: readonly Problem[] } {
  const document = readDocument(piece.text, env);
  const { value, brokenFrom } = document;
  if (!Array.isArray(value)) {
    const problems = brokenFrom === null ? [{ line: 1, column: 1, path: '', message: NO_LIST }] : document.problems;
    return { parts: [], problems };
  }
  const parsed = list.safeParse(value);
  if (parsed.success && document.problems.length === 0)
    return { parts: parsed.data.map((entry) => ({ entry, isWhole: true })), problems: [] };
  const found = parsed.success ? [] : problemsOf(parsed.error.issues, { value, places: document, schema: plainSchema(list) });
  // Behind a broken line anything may have been misread.
  const sure = brokenFrom === null ? found : found.filter((problem) => problem.line < brokenFrom && !problem.isMissing);
  return { parts: value.map((item) => partOf(tenant, item)), problems: withoutRepeats(document.problems, sure) };
}

interface PlaceInFile {
  readonly file: string;
  readonly piece: Piece;
  readonly env: Environment;
  readonly first: number;
  readonly inPiece: number;
}

function writtenAt(part: Part<TenantEntry>, { file, piece, env, first, inPiece }: PlaceInFile, report: Report): WrittenTenant {
  // Read again for the few that somebody speaks of: to keep the places of all would take more memory than all else.
  const placed = (at: ConfigPath, message: string): Problem => {
    const path = [inPiece, ...at];
    const place = readDocument(piece.text, env).valueAt(path);
    return moved({ ...place, path: `[${inPiece}]${at.map(stepText).join('')}`, message }, file, piece.line - 1, first);
  };
  return {
    part,
    problem: (at, message) => void report.problems.push(placed(at, message)),
    warning: (at, message) => void report.warnings.push(placed(at, message)),
  };
}

function stepText(step: string | number): string {
  return typeof step === 'number' ? `[${step}]` : `.${step}`;
}

/** From a piece to the file: its lines, and the number of the item. */
function moved(problem: Problem, file: string, lines: number, items: number): Problem {
  const path = problem.path.replace(/^\[(\d+)\]/, (_, index: string) => `[${Number(index) + items}]`);
  return { ...problem, line: problem.line + lines, path, message: problem.message, file };
}

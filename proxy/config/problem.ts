// What is wrong with a file, and where. Loading never stops at the first: an operator mends a file once.

export interface Problem {
  /** Counted from 1, as editors do. */
  readonly line: number;
  readonly column: number;
  /** `endpoints[0].ports[1]`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** Another file than the configuration itself, that it names. */
  readonly file?: string;
}

export type ConfigPath = readonly (string | number)[];

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Where a path stands in the file. */
export interface Places {
  /** The value at the path; where there is none, the nearest key above it. */
  valueAt(path: ConfigPath): Place;
  /** The key at the path's end. */
  keyAt(path: ConfigPath): Place;
  has(path: ConfigPath): boolean;
}

export function renderPath(path: ConfigPath): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');
}

/** `FILE:LINE:COL: path: message`. `file` is the configuration. */
export function renderProblem(file: string, problem: Problem): string {
  const where = `${problem.file ?? file}:${problem.line}:${problem.column}`;
  return problem.path === '' ? `${where}: ${problem.message}` : `${where}: ${problem.path}: ${problem.message}`;
}

/** In the file's order, and nothing but what a Problem has. Those of another file come last. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems
    .map(({ line, column, path, message, file }) => ({ line, column, path, message, ...(file !== undefined && { file }) }))
    .toSorted((a, b) => Number(a.file !== undefined) - Number(b.file !== undefined) || a.line - b.line || a.column - b.column);
}

/** Collects what the steps of loading find. */
export class Report {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #places: Places;

  constructor(places: Places) {
    this.#places = places;
  }

  /** False for what has only its default. */
  isWritten(path: ConfigPath): boolean {
    return this.#places.has(path);
  }

  problem(path: ConfigPath, message: string): void {
    this.problems.push({ ...this.#places.valueAt(path), path: renderPath(path), message });
  }

  problemAtKey(path: ConfigPath, message: string): void {
    this.problems.push({ ...this.#places.keyAt(path), path: renderPath(path), message });
  }

  warning(path: ConfigPath, message: string): void {
    this.warnings.push({ ...this.#places.valueAt(path), path: renderPath(path), message });
  }
}

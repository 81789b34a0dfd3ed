// YAML text to plain data, with the place of every key and value. Here also: duplicate keys, and ${ENV} in text values.

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Alias,
  type Node,
  type YAMLError,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { type ConfigPath, type Place, type Places, type Problem, renderPath } from './problem.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Far beyond any real file: aliases of aliases would otherwise unfold without end. */
const NODES_MAX = 100_000;

export interface ConfigDocument extends Places {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Line of the first error of YAML itself; what stands after it may have been misread. Null where there is none. */
  readonly brokenFrom: number | null;
}

export function readDocument(text: string, env: Environment): ConfigDocument {
  const lines = new LineCounter();
  // Editors of Windows begin a file with U+FEFF.
  const document = parseDocument(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'error',
  });
  const broken = syntaxProblems(document.errors, lines);
  const reader = new Reader(lines, env);
  const value = document.contents === null ? undefined : reader.read(document.contents, []);
  return {
    value,
    problems: [...broken, ...syntaxProblems(document.warnings, lines), ...reader.problems],
    brokenFrom: broken[0]?.line ?? null,
    valueAt: (path) => reader.valueAt(path),
    keyAt: (path) => reader.keyAt(path),
    has: (path) => reader.has(path),
  };
}

/** One a line: the parser tends to stumble over the same mistake several times. */
function syntaxProblems(errors: readonly YAMLError[], lines: LineCounter): Problem[] {
  const byLine = new Map<number, Problem>();
  for (const error of errors) {
    const { line, col } = lines.linePos(error.pos[0]);
    if (!byLine.has(line)) byLine.set(line, { line, column: col, path: '', message: `not valid YAML: ${wordsOf(error)}` });
  }
  return [...byLine.values()].toSorted((a, b) => a.line - b.line);
}

/** The parser's own, but where they would repeat what may be a secret, or are for programmers. */
function wordsOf({ code, message }: YAMLError): string {
  if (code === 'TAG_RESOLVE_FAILED') return 'a tag that is not known here; a text that begins with ! stands in quotes';
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here, and one is expected';
  return message === TOO_DEEP ? 'it is nested too deeply' : message;
}

/** What V8 says where the parser, which goes down with what it reads, has no stack left. */
const TOO_DEEP = 'Maximum call stack size exceeded';

class Reader {
  readonly problems: Problem[] = [];
  /** What an alias stands for, as far as it was read: to have the parser look for it takes a walk over the whole for each. */
  readonly #anchors = new Map<string, Node>();
  readonly #lines: LineCounter;
  readonly #env: Environment;
  readonly #values = new Map<string, Place>();
  readonly #keys = new Map<string, Place>();
  readonly #open = new Set<Node>();
  /** Inside of so many aliases it reads at the moment. */
  #aliases = 0;
  #nodes = 0;

  constructor(lines: LineCounter, env: Environment) {
    this.#lines = lines;
    this.#env = env;
  }

  valueAt(path: ConfigPath): Place {
    const value = this.#values.get(renderPath(path));
    if (value !== undefined && path.length > 0) return value;
    return path.length === 0 ? { line: 1, column: 1 } : this.keyAt(path.slice(0, -1));
  }

  keyAt(path: ConfigPath): Place {
    const text = renderPath(path);
    return this.#keys.get(text) ?? this.valueAt(path);
  }

  has(path: ConfigPath): boolean {
    return this.#values.has(renderPath(path));
  }

  read(node: Node, path: ConfigPath): unknown {
    this.#values.set(renderPath(path), this.#placeOf(node));
    if (++this.#nodes === NODES_MAX) this.#problem(node, path, `more than ${NODES_MAX} values: aliases unfold without end`);
    if (this.#nodes >= NODES_MAX) return undefined;
    if (isAlias(node)) return this.#readAlias(node, path);
    this.#keepAnchor(node);
    if (isMap(node)) return this.#readMap(node, path);
    if (isSeq(node)) return this.#readSeq(node, path);
    if (!isScalar(node)) return undefined;
    return typeof node.value === 'string' ? this.#substitute(node.value, node, path) : node.value;
  }

  #keepAnchor(node: Node): void {
    const { anchor } = node as { anchor?: string };
    // What is read once more for an alias stands further up: of two with the same name the nearer one counts.
    if (anchor !== undefined && this.#aliases === 0) this.#anchors.set(anchor, node);
  }

  #readAlias(node: Alias, path: ConfigPath): unknown {
    const target = this.#anchors.get(node.source);
    if (target === undefined) {
      this.#problem(node, path, 'an alias to an anchor that is not there');
      return undefined;
    }
    if (this.#open.has(target)) {
      this.#problem(node, path, 'an alias inside its own anchor');
      return undefined;
    }
    const place = this.#placeOf(node);
    this.#aliases += 1;
    const value = this.read(target, path);
    this.#aliases -= 1;
    this.#values.set(renderPath(path), place);
    return value;
  }

  #readMap(map: YAMLMap, path: ConfigPath): Record<string, unknown> {
    this.#open.add(map);
    const entries = new Map<string, unknown>();
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? String(key.value) : null;
      if (name === null) {
        this.#problem(map, path, 'a key that is not plain text');
        continue;
      }
      const inner = [...path, name];
      const place = this.#placeOf(key as Node);
      this.#keepAnchor(key as Node);
      if (entries.has(name)) {
        const first = this.#keys.get(renderPath(inner));
        this.problems.push({ ...place, path: renderPath(inner), message: `the same key again; it stands in line ${first?.line} already` });
        continue;
      }
      this.#keys.set(renderPath(inner), place);
      if (value === null) this.#values.set(renderPath(inner), place);
      entries.set(name, value === null ? null : this.read(value as Node, inner));
    }
    this.#open.delete(map);
    // fromEntries defines own properties, so that a key `__proto__` stays a key.
    return Object.fromEntries(entries);
  }

  #readSeq(seq: YAMLSeq, path: ConfigPath): unknown[] {
    this.#open.add(seq);
    const items = seq.items.map((item, index) => this.read(item as Node, [...path, index]));
    this.#open.delete(seq);
    return items;
  }

  #substitute(text: string, node: Node, path: ConfigPath): string {
    return text.replace(/\$\{([^}]*)\}?/g, (whole: string, name: string) => {
      if (!whole.endsWith('}') || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        this.#problem(node, path, `${whole} is not of the form \${NAME}`);
        return '';
      }
      const value = this.#env[name];
      if (value === undefined) this.#problem(node, path, `\${${name}}: the environment variable ${name} is not set`);
      return value ?? '';
    });
  }

  #placeOf(node: Node): Place {
    const { line, col } = this.#lines.linePos(node.range?.[0] ?? 0);
    return { line, column: col };
  }

  #problem(node: Node, path: ConfigPath, message: string): void {
    this.problems.push({ ...this.#placeOf(node), path: renderPath(path), message });
  }
}

// Holds a tree of files to the tables of layer-table.ts and word-table.ts. Pure: files come in as texts, what is wrong comes out as
// messages that quote the rule and say where the code should go.

import { type Allowed, CLOSURES, isTestFile, type Layer, LAYERS, TUNNEL_PARTS, type TunnelPart } from './layer-table.ts';
import { type Import, lineAt, readSource, type SourceText } from './source-text.ts';
import { WORDS } from './word-table.ts';

/** Path from the root, with slashes, to text. `package.json` may be among them. */
export type Tree = ReadonlyMap<string, string>;

interface File {
  readonly path: string;
  readonly source: SourceText;
  readonly layer: Layer | null;
}

/** Every breach of a rule, one message each; empty where the house is in order. */
export function findBreaches(tree: Tree): string[] {
  const files = new Map<string, File>();
  for (const [path, text] of tree) {
    if (path.endsWith('.ts') && !isTestFile(path)) files.set(path, { path, source: readSource(text), layer: layerOf(path) });
  }
  const breaches: string[] = [];
  for (const file of files.values()) {
    if (!file.layer) {
      breaches.push(breach(file.path, 1, 'is in no folder of the table', 'every folder has a row that says what it may import', ADD_ROW));
      continue;
    }
    for (const imported of file.source.imports) breaches.push(...judgeImport(file, file.layer, imported, tree));
    breaches.push(...judgeWords(file));
  }
  for (const { from, never, why } of CLOSURES) breaches.push(...judgeClosure(files, from, never, why));
  return breaches;
}

/** Which permissions of the table some file makes use of: `place > what`. */
export function findUsed(tree: Tree): Set<string> {
  const used = new Set<string>();
  for (const [path, text] of tree) {
    const layer = path.endsWith('.ts') && !isTestFile(path) ? layerOf(path) : null;
    if (!layer) continue;
    for (const { specifier } of readSource(text).imports) {
      if (specifier.startsWith('node:')) used.add(`${layer.place} > ${specifier}`);
      else if (!specifier.startsWith('.')) used.add(`${layer.place} > npm:${packageOf(specifier)}`);
      const target = specifier.startsWith('.') ? resolvePath(path, specifier) : '';
      const entry = layer.imports.map(asAllowed).find(({ place }) => isWithin(target, place));
      if (entry) used.add(`${layer.place} > ${entry.place}`);
    }
  }
  return used;
}

const ADD_ROW = 'add a row to LAYERS in proxy/test/support/layer-table.ts and to the table of ARCHITECTURE.md, or move the file';

function breach(path: string, line: number, fact: string, rule: string, instead: string): string {
  return `${path}:${line} ${fact}\n  rule: ${rule}\n  instead: ${instead}`;
}

function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

export function layerOf(path: string): Layer | null {
  return LAYERS.find((layer) => isWithin(path, layer.place)) ?? null;
}

function judgeImport(file: File, layer: Layer, imported: Import, tree: Tree): string[] {
  const { specifier, line } = imported;
  const say = (fact: string, rule: string, instead = layer.instead): string[] => [breach(file.path, line, fact, rule, instead)];
  if (specifier === '(computed)') return say('imports a computed path', 'every import is a literal', 'name the file in the import');
  if (specifier.startsWith('node:')) return judgeNode(layer, imported, say);
  if (!specifier.startsWith('.')) {
    return layer.packages.includes(packageOf(specifier))
      ? judgePackageFile(file, specifier, say)
      : say(`imports ${specifier}`, `${layer.place} uses ${listOr(layer.packages, 'no package')}`);
  }
  const target = resolvePath(file.path, specifier);
  if (!tree.has(target)) return say(`imports ${target}, which is not there`, 'imports name files, with their ending', 'mend the path');
  if (isTestFile(target))
    return say(`imports ${target}`, 'what only tests use is never part of the product', 'move what both need out of the tests');
  if (layerOf(target) === layer) return isWithin(target, 'proxy/tunnel') ? judgeTunnel(file, imported, target) : [];
  const allowed = layer.imports.map(asAllowed).find(({ place }) => isWithin(target, place));
  if (!allowed) return say(`imports ${target}`, `${layer.place} imports ${listOr(layer.imports.map(renderAllowed), 'nothing of ours')}`);
  if (allowed.types && !imported.isType)
    return say(`imports values of ${target}`, `${layer.place} takes only types from there (import type)`);
  return [];
}

type Say = (fact: string, rule: string, instead?: string) => string[];

function judgeNode(layer: Layer, { specifier, names }: Import, say: Say): string[] {
  if (layer.node === 'any') return [];
  const wanted = specifier.slice('node:'.length);
  const rule = `${layer.place} uses of Node ${listOr(layer.node.map(renderModule), 'nothing but Buffer')}`;
  const entry = layer.node.find((candidate) => (typeof candidate === 'string' ? candidate : candidate[0]) === wanted);
  if (entry === undefined) return say(`imports ${specifier}`, rule);
  if (typeof entry === 'string') return [];
  const beyond = names === null ? ['all of it'] : names.filter((name) => !entry.slice(1).includes(name));
  return beyond.length === 0 ? [] : say(`takes ${beyond.join(', ')} from ${specifier}`, rule);
}

/** Packages of a folder that only one file of it may use. */
const ONLY_FILE: Readonly<Record<string, string>> = { pino: 'proxy/control/log.ts' };

function judgePackageFile(file: File, specifier: string, say: Say): string[] {
  const only = ONLY_FILE[packageOf(specifier)];
  if (only === undefined || file.path === only) return [];
  return say(`imports ${specifier}`, `${specifier} is imported in ${only} only`, `use the interface of ${only}`);
}

function judgeTunnel(file: File, imported: Import, target: string): string[] {
  const [from, to] = [partOf(file.path), partOf(target)];
  const say = (fact: string, rule: string, instead: string): string[] => [breach(file.path, imported.line, fact, rule, instead)];
  const unknown = from === null ? file.path : to === null ? target : null;
  if (from === null || to === null)
    return say(`and ${target}: ${unknown} is neither door, stage nor seam`, 'every file of proxy/tunnel is one of the three', ADD_PART);
  if (RANK[from] >= RANK[to]) return [];
  return say(
    `(a ${from}) imports ${target} (a ${to})`,
    'inside proxy/tunnel doors know stages and stages know seams, never the other way round',
    'hand it in as an argument, or let the caller do it: the walk goes one way',
  );
}

const RANK: Readonly<Record<TunnelPart, number>> = { seam: 0, stage: 1, door: 2 };
const ADD_PART = 'put it into TUNNEL_PARTS of proxy/test/support/layer-table.ts';

function partOf(path: string): TunnelPart | null {
  const name = path.slice('proxy/tunnel/'.length, -'.ts'.length);
  const parts = Object.keys(TUNNEL_PARTS) as TunnelPart[];
  return parts.find((part) => (TUNNEL_PARTS[part] as readonly string[]).includes(name)) ?? null;
}

function judgeWords({ path, source }: File): string[] {
  return WORDS.filter(({ within, except }) => within.some((place) => isWithin(path, place)) && !except.includes(path)).flatMap((rule) => {
    const text = rule.inStrings ? source.withoutComments : source.code;
    return [...text.matchAll(rule.pattern)].map((match) =>
      breach(path, lineAt(text, match.index), `says ${match[0].trim()}: ${rule.what}`, rule.why, rule.instead),
    );
  });
}

/** What is loaded at once with a file: over values, not over types and not over `import()`. */
function judgeClosure(files: ReadonlyMap<string, File>, from: string, never: readonly string[], why: string): string[] {
  const cameFrom = new Map<string, string | null>(files.has(from) ? [[from, null]] : []);
  const breaches: string[] = [];
  for (const path of cameFrom.keys()) {
    for (const { specifier, isType, isDynamic } of files.get(path)?.source.imports ?? []) {
      if (isType || isDynamic || specifier.startsWith('node:')) continue;
      const target = specifier.startsWith('.') ? resolvePath(path, specifier) : `npm:${packageOf(specifier)}`;
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, path);
      const hit = never.find((place) => isWithin(target, place) || (place.endsWith(':') && target.startsWith(place)));
      if (hit)
        breaches.push(
          `${from} loads ${target}, by ${chain(cameFrom, path)}\n  rule: ${why}\n  instead: import its types only, or load it by import() when it is needed`,
        );
    }
  }
  return breaches;
}

function chain(cameFrom: ReadonlyMap<string, string | null>, last: string): string {
  const steps: string[] = [];
  for (let at: string | null | undefined = last; at; at = cameFrom.get(at)) steps.unshift(at);
  return steps.join(' > ');
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier);
}

function resolvePath(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

export function asAllowed(entry: string | Allowed): Allowed {
  return typeof entry === 'string' ? { place: entry } : entry;
}

export function renderAllowed(entry: string | Allowed): string {
  const { place, types } = asAllowed(entry);
  return types ? `types of ${place}` : place;
}

export function renderModule(entry: string | readonly string[]): string {
  return typeof entry === 'string' ? entry : `${entry[0]} (${entry.slice(1).join(', ')})`;
}

function listOr(items: readonly string[], none: string): string {
  return items.length === 0 ? none : items.join(', ');
}

// The fenced snippets of our pages, and what their first lines say of running them. Behind the language stands one of three marks:
//
//   ```sh run                          the test of the pages runs it in a sandbox
//   ```python file=docs/clients/x.py   it is that file, letter by letter, which docs/clients/check.sh runs
//   ```sh norun="needs an AWS account" it is not run, and why
//   ```text prints                     the snippet that is run before it printed these lines, but for what is another one each time

export interface Snippet {
  readonly page: string;
  /** Of its first fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  readonly mark: Mark;
}

export type Mark =
  | { readonly kind: 'run' }
  | { readonly kind: 'prints' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'norun'; readonly reason: string }
  | { readonly kind: 'none'; readonly info: string };

/** Languages in which a snippet can say `run`. */
export const RUNNABLE = ['sh', 'yaml'] as const;

/** Throws where a fence is not closed. Fences in quotes and lists are indented, and count too. */
export function readSnippets(page: string, markdown: string): Snippet[] {
  const snippets: Snippet[] = [];
  let open: { line: number; info: string; indent: string; text: string[] } | null = null;
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, indent = '', info] = /^(\s*(?:> ?)?)```([^`]*)$/.exec(line) ?? [];
    if (open === null) {
      if (info !== undefined) open = { line: index + 1, info: info.trim(), indent, text: [] };
    } else if (info === undefined) {
      open.text.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    } else {
      const [language = ''] = open.info.split(/\s/, 1);
      const rest = open.info.slice(language.length).trim();
      // A fence without a language may begin with its mark.
      const isMark = parseMark(open.info).kind !== 'none';
      const mark = isMark ? parseMark(open.info) : parseMark(rest);
      snippets.push({ page, line: open.line, language: isMark ? '' : language, text: open.text.map((text) => `${text}\n`).join(''), mark });
      open = null;
    }
  }
  if (open !== null) throw new Error(`${page}:${open.line}: the fence is not closed`);
  return snippets;
}

function parseMark(info: string): Mark {
  if (info === 'run' || info === 'prints') return { kind: info };
  const [, path] = /^file=([\w./-]+)$/.exec(info) ?? [];
  if (path !== undefined) return { kind: 'file', path };
  const [, reason = ''] = /^norun="([^"]+)"$/.exec(info) ?? [];
  return reason.trim() === '' ? { kind: 'none', info } : { kind: 'norun', reason };
}

/** What is wrong with a mark, said so that whoever wrote the snippet knows what to type; null where nothing is. */
export function markMistake({ page, line, language, mark }: Snippet): string | null {
  const at = `${page}:${line}`;
  const fence = `\`\`\`${language}`;
  if (mark.kind === 'none') {
    const unknown = mark.info === '' ? '' : ` ("${mark.info}" is no mark)`;
    const choices = [
      ['```sh run', "if it works in a running sandbox, from the project's folder, as it stands"],
      [`${fence} norun="REASON"`, 'if it does not: "needs an AWS account", "what it prints", "an example"'],
      [`${fence} file=PATH`, 'if it is a whole file that docs/clients/check.sh runs'],
    ].map(([first = '', when]) => `    ${first.padEnd(28)}${when}`);
    return `${at}: this snippet does not say whether it is run${unknown}. Write its first line as one of:\n${choices.join('\n')}`;
  }
  if (mark.kind === 'run' && !(RUNNABLE as readonly string[]).includes(language))
    return `${at}: only ${RUNNABLE.join(' and ')} can be \`run\`; write ${fence} norun="REASON"`;
  return null;
}

/** What is left of a line without what is another one at each run: numbers, times, sizes, ids, secrets, folders, refusals so far, padding. */
export function shapeOf(line: string): string {
  return line
    .replace(/\S*\/\.sandbox/g, '.sandbox')
    .replace(/\b[A-Z]+(?:_[A-Z]+)+ \d+(?:, [A-Z_]+ \d+)*/g, '#')
    .replace(/\b(?:[A-Z2-7]{20}|[0-9a-z]{24,}|[0-9a-f]{12})\b/g, '#')
    .replace(/[0-9]+(?:\.[0-9]+)?(?: ?(?:ms|[smhd]|B|[KMG]iB)\b(?:\/s)?)?/g, '#')
    .replace(/\s+/g, ' ')
    .replace(/#(?: #)+/g, '#')
    .trim();
}

/** Lines of a page that nothing in what was printed is like. */
export function linesNotPrinted(shown: string, printed: string): string[] {
  const shapes = new Set(printed.split('\n').map(shapeOf));
  return shown.split('\n').filter((line) => !shapes.has(shapeOf(line)));
}

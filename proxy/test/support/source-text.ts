// What a TypeScript text imports, and what it says outside comments and strings. A scanner of our own: the structure tests must see
// type imports too, which Node's own parser never does once types are stripped.

export interface Import {
  readonly specifier: string;
  /** `import type` and `export type`: gone at run time. `import { type A }` still loads the file, so it is none. */
  readonly isType: boolean;
  /** Loaded when it is needed, by `import()`. */
  readonly isDynamic: boolean;
  /** The names taken; null for a default, a namespace, a bare or a dynamic import. */
  readonly names: readonly string[] | null;
  readonly line: number;
}

export interface SourceText {
  /** As long as the text, with comments, strings and regular expressions blanked out; quotes stay where they are. */
  readonly code: string;
  /** The same with only comments blanked out. */
  readonly withoutComments: string;
  readonly imports: readonly Import[];
}

export function readSource(text: string): SourceText {
  const { code, withoutComments } = blank(text);
  return { code, withoutComments, imports: readImports(text, code) };
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

const FROM = /\b(?:import|export)\b(\s+type\b(?!\s*,|\s+from\b))?([^'"`;()=]*?)\bfrom\s*['"]/g;
const BARE = /\bimport\s*['"]/g;
const DYNAMIC = /\bimport\s*\(\s*(['"`]?)/g;

function readImports(text: string, code: string): Import[] {
  const found: (Import & { at: number })[] = [];
  const add = (at: number, quoteAt: number, parts: Pick<Import, 'isType' | 'isDynamic' | 'names'>): void => {
    const quote = text.charAt(quoteAt);
    const isLiteral = quote !== '' && `'"\``.includes(quote);
    const specifier = isLiteral ? text.slice(quoteAt + 1, text.indexOf(quote, quoteAt + 1)) : '(computed)';
    found.push({ at, specifier, line: lineAt(text, at), ...parts });
  };
  for (const match of code.matchAll(FROM)) {
    const [whole, type, clause = ''] = match;
    add(match.index, match.index + whole.length - 1, { isType: type !== undefined, isDynamic: false, names: namesIn(clause) });
  }
  for (const match of code.matchAll(BARE)) {
    add(match.index, match.index + match[0].length - 1, { isType: false, isDynamic: false, names: null });
  }
  for (const match of code.matchAll(DYNAMIC)) {
    const quoteAt = match.index + match[0].length - (match[1] === '' ? 0 : 1);
    add(match.index, quoteAt, { isType: false, isDynamic: true, names: null });
  }
  return found.sort((a, b) => a.at - b.at).map(({ at: _, ...rest }) => rest);
}

function namesIn(clause: string): string[] | null {
  const braces = /^\s*\{([^}]*)\}\s*$/.exec(clause);
  if (!braces) return null;
  const parts = (braces[1] ?? '').split(',').map((part) => part.trim().replace(/^type\s+/, ''));
  return parts.filter((part) => part !== '').map((part) => part.split(/\s+as\s+/)[0] ?? part);
}

/** A slash after one of these begins a regular expression; after anything else it divides. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|void|delete|throw|new|else|do|await|yield))\s*$/;

function blank(text: string): { code: string; withoutComments: string } {
  const code = text.split('');
  const withoutComments = code.slice();
  const wipe = (from: number, to: number, isComment: boolean): void => {
    for (let at = from; at < to && at < text.length; at += 1) {
      if (text.charAt(at) === '\n') continue;
      code[at] = ' ';
      if (isComment) withoutComments[at] = ' ';
    }
  };
  /** One entry per `${` that is open: the braces open inside it. */
  const templates: number[] = [];
  let at = 0;
  const wipeTemplate = (from: number): void => {
    let end = from;
    while (end < text.length && text.charAt(end) !== '`' && !text.startsWith('${', end)) end += text.charAt(end) === '\\' ? 2 : 1;
    wipe(from, end, false);
    const opens = text.startsWith('${', end);
    if (opens) templates.push(0);
    at = end + (opens ? 2 : 1);
  };

  while (at < text.length) {
    const character = text.charAt(at);
    if (text.startsWith('//', at) || text.startsWith('/*', at)) {
      const closing = text.charAt(at + 1) === '/' ? text.indexOf('\n', at) : text.indexOf('*/', at + 2) + 2;
      const end = closing < at + 2 ? text.length : closing;
      wipe(at, end, true);
      at = end;
    } else if (character === "'" || character === '"') {
      const end = endOf(text, at, character);
      wipe(at + 1, end, false);
      at = end + 1;
    } else if (character === '`') {
      wipeTemplate(at + 1);
    } else if (character === '/' && BEFORE_REGEX.test(code.slice(Math.max(0, at - 40), at).join(''))) {
      const end = endOf(text, at, '/');
      wipe(at + 1, end, false);
      at = end + 1;
    } else if (templates.length > 0 && (character === '{' || character === '}')) {
      const depth = templates.pop() ?? 0;
      if (character === '}' && depth === 0) {
        wipeTemplate(at + 1);
      } else {
        templates.push(depth + (character === '{' ? 1 : -1));
        at += 1;
      }
    } else {
      at += 1;
    }
  }
  return { code: code.join(''), withoutComments: withoutComments.join('') };
}

/** The index of the closing quote (or slash); the end of the line where there is none. */
function endOf(text: string, open: number, closing: string): number {
  let inClass = false;
  for (let at = open + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\') at += 1;
    else if (character === '\n') return at;
    else if (closing === '/' && character === '[') inClass = true;
    else if (closing === '/' && character === ']') inClass = false;
    else if (character === closing && !inClass) return at;
  }
  return text.length;
}

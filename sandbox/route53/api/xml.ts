// As much XML as the API speaks: elements and text. No attributes but xmlns, no comments, no entities of one's own. Pure.

export interface Xml {
  readonly name: string;
  readonly children: readonly Xml[];
  /** Of an element without children. */
  readonly text: string;
}

/** Far deeper than any request is. */
const DEPTH_MAX = 16;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Null where it is not well-formed, or more than is spoken here. */
export function parseXml(text: string): Xml | null {
  const tokens = text.replace(/^\uFEFF?\s*<\?xml[^>]*\?>/, '').match(/<[^<>]*>|[^<>]+/g) ?? [];
  const root = { name: '', children: [] as Xml[], text: '' };
  const open: { name: string; children: Xml[]; text: string }[] = [root];
  for (const token of tokens) {
    const top = open.at(-1);
    if (top === undefined || open.length > DEPTH_MAX) return null;
    const [, slash = '', name = '', selfClosing = ''] = /^<(\/?)([A-Za-z]\w*)(?: xmlns="[^"]*")?\s*(\/?)>$/.exec(token) ?? [];
    if (!token.startsWith('<')) {
      const decoded = decode(token);
      if (decoded === null) return null;
      top.text += decoded;
    } else if (name === '') {
      return null;
    } else if (slash === '/') {
      if (open.length < 2 || top.name !== name) return null;
      open.pop();
    } else {
      const element = { name, children: [], text: '' };
      top.children.push(element);
      if (selfClosing === '') open.push(element);
    }
  }
  const [element, ...more] = root.children;
  return open.length === 1 && element !== undefined && more.length === 0 && root.text.trim() === '' ? element : null;
}

function decode(text: string): string | null {
  let isGood = true;
  const decoded = text.replace(/&([^;&]*)(;?)/g, (_, body: string, end: string) => {
    const number = /^#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}))$/.exec(body);
    const code = number === null ? Number.NaN : number[1] === undefined ? Number(number[2]) : Number.parseInt(number[1], 16);
    const found = code <= 0x10_ff_ff ? String.fromCodePoint(code) : ENTITIES[body];
    if (found === undefined || end === '') isGood = false;
    return found ?? '';
  });
  return isGood ? decoded : null;
}

export function childOf(element: Xml | undefined, name: string): Xml | undefined {
  return element?.children.find((child) => child.name === name);
}

/** The text of a child; undefined where there is no such child. */
export function textOf(element: Xml | undefined, name: string): string | undefined {
  return childOf(element, name)?.text;
}

export function listOf(element: Xml | undefined, name: string): readonly Xml[] {
  return childOf(element, name)?.children ?? [];
}

/** What an answer is made of: undefined leaves an element out, a list repeats it. */
export type Content = string | number | boolean | undefined | { readonly [name: string]: Content } | readonly Content[];

const NAMESPACE = 'https://route53.amazonaws.com/doc/2013-04-01/';

export function renderDocument(name: string, content: Content): string {
  const inner = renderContent(content);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${NAMESPACE}">${inner}</${name}>`;
}

function renderContent(content: Content): string {
  if (content === undefined) return '';
  if (typeof content !== 'object') return escape(String(content));
  return Object.entries(content as Record<string, Content>)
    .map(([name, inner]) => renderElement(name, inner))
    .join('');
}

function renderElement(name: string, content: Content): string {
  if (content === undefined) return '';
  if (Array.isArray(content)) return content.map((item: Content) => renderElement(name, item)).join('');
  return `<${name}>${renderContent(content)}</${name}>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}

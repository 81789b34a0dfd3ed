// The routes as the tables of docs/admin.md.

import type { Field } from './field.ts';
import { type Route, ROUTES } from './routes.ts';

const ALL = Object.values(ROUTES) as readonly Route[];

export function renderRoutes(): string {
  const rows = ALL.map(({ method, path, summary, answer }) => [`\`${method} ${path}\``, `${summary}.`, answerOf(answer)]);
  return table(['route', 'what it does', 'its answer'], rows);
}

export function renderFields(): string {
  const rows = ALL.flatMap(({ method, path, input }) =>
    Object.entries(input).map(([name, field]) => [
      `\`${method} ${path}\``,
      `\`${name}\``,
      kindOf(field),
      `${sentence(field.description)}.`,
    ]),
  );
  return table(['route', 'field', 'what it may be', 'what it is'], rows);
}

function answerOf(answer: Route['answer']): string {
  if (typeof answer === 'string') return `${sentence(answer)}.`;
  return Object.entries(answer)
    .map(([name, words]) => `\`${name}\`: ${words}`)
    .join('. ');
}

function kindOf(field: Field): string {
  const isDefault =
    'default' in field && field.default !== undefined ? `; \`${field.default}\` unless given` : field.required ? '; needed' : '';
  return `${rangeOf(field)}${isDefault}`;
}

/** Every code there is would be a page. */
const VALUES_SHOWN = 12;

function rangeOf(field: Field): string {
  switch (field.kind) {
    case 'text':
      return field.pattern === undefined ? `up to ${field.max} characters` : `\`${field.pattern}\``;
    case 'flag':
      return '`true` or `false`';
    case 'choice':
      return field.values.length > VALUES_SHOWN
        ? 'one of the [reasons](reasons.md)'
        : field.values.map((value) => `\`${value}\``).join(', ');
    case 'whole':
    case 'number':
      return `${field.min} to ${field.max}`;
  }
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

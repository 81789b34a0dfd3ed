// The commands as sections of docs/cli.md, like pages of a manual.

import type { Command } from './command.ts';
import { renderOption } from './render-help.ts';

export const COMMANDS_BEGIN = '<!-- commands: made by scripts/schema.ts -->';
export const COMMANDS_END = '<!-- end of commands -->';

export function renderCommands(commands: readonly Command[]): string {
  const rows = commands.map(({ name, does }) => `| [\`${name}\`](#${name}) | ${cell(does)} |`);
  return [['| command | what it does |', '| --- | --- |', ...rows].join('\n'), ...commands.map(renderSection)].join('\n\n');
}

function renderSection({ name, calls, about, options, exits, page }: Command): string {
  const synopsis = calls.map((call) => `pinhole ${call}`).join('\n');
  const flags = options.map((option) => `| \`${renderOption(option).trim()}\` | ${cell(option.words)} |`);
  const codes = exits.map(({ code, when }) => `| ${code} | ${cell(when)} |`);
  return [
    `## ${name}`,
    `\`\`\`text norun="how it is called"\n${synopsis}\n\`\`\``,
    ...about,
    ...(flags.length > 0 ? [['| option | what it does |', '| --- | --- |', ...flags].join('\n')] : []),
    ['| exit code | when |', '| --- | --- |', ...codes].join('\n'),
    ...(page === undefined ? [] : [`More: [${page}](${page}).`]),
  ].join('\n\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

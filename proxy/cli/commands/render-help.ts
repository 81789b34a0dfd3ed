// What `--help` prints of a command, and `help` of all of them.

import type { Command, Option } from './command.ts';

const COLUMNS = 120;

export function renderHelp(command: Command): string {
  const { calls, about, options, exits } = command;
  const parts = [
    calls.map((call, index) => hang(`${index === 0 ? 'Usage: ' : '       '}pinhole ${call}`, 'Usage: pinhole '.length + 2)).join('\n'),
    ...about.map((paragraph) => hang(paragraph, 0)),
    ...(options.length > 0 ? [pairs(options.map((option) => [renderOption(option), option.words]))] : []),
    `Exit codes:\n${pairs(exits.map(({ code, when }) => [String(code), when]))}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

export function renderOverview(commands: readonly Command[]): string {
  return `Usage: pinhole COMMAND [OPTIONS]

Lets device agents reach AWS IoT Core through this proxy, and nothing else.

${pairs(commands.map(({ name, does }) => [name, does]))}

${hang('`pinhole COMMAND --help` shows how a command is called, its options and its exit codes; `pinhole --version` the version. Commands that operate a node take -c FILE or --runtime DIR; where one node runs on this machine, it is found.', 0)}
`;
}

/** `-c, --config FILE` */
export function renderOption({ short, long, value }: Option): string {
  return `${short === undefined ? '    ' : `-${short}, `}--${long}${value === undefined ? '' : ` ${value}`}`;
}

/** Two columns; what does not fit into the second one goes on under it. */
function pairs(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, words]) => hang(`  ${first.padEnd(width)}  ${words}`, width + 4)).join('\n');
}

/** Breaks a line at its spaces; what goes over begins so far from the margin. */
function hang(text: string, indent: number): string {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > COLUMNS) {
    const at = rest.lastIndexOf(' ', COLUMNS);
    if (at <= indent) break;
    lines.push(rest.slice(0, at).trimEnd());
    rest = `${' '.repeat(indent)}${rest.slice(at + 1)}`;
  }
  return [...lines, rest].join('\n');
}

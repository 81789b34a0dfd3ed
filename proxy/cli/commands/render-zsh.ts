// Completion for zsh, of the table of commands: with a word on what each does.

import type { Command, Completes, Option } from './command.ts';

export function renderZsh(commands: readonly Command[]): string {
  return `#compdef pinhole
# Completion of pinhole for zsh; made by \`pinhole completion zsh\`. Load it, behind compinit: source <(pinhole completion zsh)
_pinhole_ask() { local -a found; found=(\${(f)"$($words_program completion $1 2>/dev/null)"}); compadd -a found; }
_pinhole() {
  local words_program=$words[1] state
  local -a commands
  commands=(
${commands.map(({ name, does }) => `    ${quote(`${name}:${does}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(argumentsOf).join('\n')}
  esac
}
compdef _pinhole pinhole ./pinhole
`;
}

function argumentsOf({ name, options, words }: Command): string {
  const specs = options.flatMap(optionSpecs);
  if (words) specs.push(quote(`${words.isRepeated ? '*' : '1'}:${escape(words.name)}:${action(words.completes)}`));
  return `    ${name}) _arguments ${specs.join(' ')} ;;`;
}

function optionSpecs({ short, long, value, isRepeated, words, completes }: Option): string[] {
  const names = [...(short === undefined ? [] : [`-${short}`]), `--${long}`];
  const behind = value === undefined ? '' : `:${escape(value)}:${action(completes)}`;
  const others = isRepeated ? '*' : `(${names.join(' ')})`;
  return names.map((one) => quote(`${others}${one}[${escape(words)}]${behind}`));
}

function action(completes: Completes | undefined): string {
  if (completes === undefined) return ' ';
  if (completes === 'file') return '_files';
  if (completes === 'folder') return '_files -/';
  return typeof completes === 'string' ? `{_pinhole_ask ${completes}}` : `(${completes.join(' ')})`;
}

/** What _arguments takes for the end of a part. */
function escape(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

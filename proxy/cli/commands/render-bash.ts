// Completion for bash, of the table of commands. Needs nothing but bash: no package of completions.

import type { Command, Completes, Option } from './command.ts';

export function renderBash(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  return `# Completion of pinhole for bash; made by \`pinhole completion bash\`. Load it: source <(pinhole completion bash)
_pinhole() {
  local program=\${COMP_WORDS[0]} command= word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    ${offerWords(`'${names} --help --version'`)}
    return
  fi
  command=\${COMP_WORDS[1]}
  case "$command $before" in
${commands.flatMap(valuesOf).join('\n')}
  esac
  case "$command" in
${commands.map(wordsOf).join('\n')}
  esac
}
complete -o filenames -F _pinhole pinhole ./pinhole
`;
}

/** Behind an option that takes a value: that, and no other option. */
function valuesOf({ name, options }: Command): string[] {
  return options
    .filter(({ value }) => value !== undefined)
    .map((option) => {
      const behind = namesOf(option).map((one) => `"${name} ${one}"`);
      return `    ${behind.join(' | ')}) ${reply(option.completes)}; return ;;`;
    });
}

function wordsOf({ name, options, words }: Command): string {
  const flags = options.flatMap(namesOf).join(' ');
  const others = reply(words?.completes);
  return `    ${name}) [[ $word == -* ]] && ${offerWords(`'${flags}'`)} || { ${others}; } ;;`;
}

function namesOf({ short, long }: Option): string[] {
  return [...(short === undefined ? [] : [`-${short}`]), `--${long}`];
}

/** A command that leaves what fits in COMPREPLY. */
function reply(completes: Completes | undefined): string {
  if (completes === undefined) return ':';
  if (completes === 'file') return offer('-f');
  if (completes === 'folder') return offer('-d');
  return offerWords(typeof completes === 'string' ? `"$("$program" completion ${completes} 2>/dev/null)"` : `'${completes.join(' ')}'`);
}

function offerWords(list: string): string {
  return offer(`-W ${list}`);
}

function offer(what: string): string {
  return `mapfile -t COMPREPLY < <(compgen ${what} -- "$word")`;
}

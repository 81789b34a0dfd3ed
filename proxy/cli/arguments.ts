// Command lines by node:util's parseArgs, with its errors as one line.

import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

export type Arguments = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export type ReadArguments =
  | { readonly ok: true; readonly values: Arguments; readonly words: readonly string[] }
  | { readonly ok: false; readonly why: string };

/** An unknown option, one without its value, or a word that is no option where there may be none, is an error. */
export function readArguments(args: readonly string[], options: ParseArgsOptionsConfig, hasWords = false): ReadArguments {
  try {
    const { values, positionals: words } = parseArgs({ args: [...args], options, strict: true, allowPositionals: hasWords });
    return { ok: true, values: values as Arguments, words };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // Node adds advice about positional arguments, which helps nobody who asked for an option.
    return { ok: false, why: (message.split(/\. To specify|\. This command|\n/)[0] ?? message).replace(/\.$/, '') };
  }
}

export function textOf(values: Arguments, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** Of a flag that may be repeated. */
export function textsOf(values: Arguments, name: string): readonly string[] {
  const value = values[name];
  return typeof value === 'object' ? value : [];
}

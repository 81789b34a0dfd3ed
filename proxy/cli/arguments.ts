// Command lines by node:util's parseArgs, with its errors as one line.

import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

export type Arguments = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export type ReadArguments = { readonly ok: true; readonly values: Arguments } | { readonly ok: false; readonly why: string };

/** No positional arguments; an unknown option, or one without its value, is an error. */
export function readArguments(args: readonly string[], options: ParseArgsOptionsConfig): ReadArguments {
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    return { ok: true, values: values as Arguments };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // Node adds advice about positional arguments, of which there are none here.
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

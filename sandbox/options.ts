// The command line of the sandbox: text to options, or what is wrong with it.

import { parseArgs } from 'node:util';

export interface SandboxOptions {
  readonly once: boolean;
  /** Null: `.sandbox` in the project's folder, or a folder of its own for --once. */
  readonly dir: string | null;
  readonly json: boolean;
}

export type ParsedSandboxOptions =
  | { readonly kind: 'options'; readonly options: SandboxOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'problem'; readonly problem: string };

export const USAGE = `usage: npm start [-- --once] [-- --dir DIR]
       ./pinhole sandbox [--once [--json]] [--dir DIR]

A whole world on this machine: a stand-in for AWS IoT Core, the proxy in front of it, and a device that publishes through it.
Nothing leaves the machine. Ctrl-C ends everything that was started.

  --once      drive every door of the proxy once, print what was allowed and refused, and end: 0 if all was as expected, else 1
  --json      with --once: the same as one JSON object
  --dir DIR   folder for certificates, configuration and logs (default: .sandbox; --once: a temporary one)
  --help
`;

export function parseSandboxOptions(args: readonly string[]): ParsedSandboxOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        dir: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
      strict: true,
      allowPositionals: false,
    });
    if (values.help) return { kind: 'help' };
    if (values.dir === '') return { kind: 'problem', problem: '--dir: expected a folder' };
    if (values.json && !values.once) return { kind: 'problem', problem: '--json: only together with --once' };
    return { kind: 'options', options: { once: values.once, dir: values.dir ?? null, json: values.json } };
  } catch (error) {
    return { kind: 'problem', problem: error instanceof Error ? error.message : String(error) };
  }
}

// The command line of `npm run release`.

import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run release [-- [--commit REV] [--out DIR]]
       node deploy/release/main.ts --source DIR --folder DIR [--commit ID]

Makes the release of a commit for this machine's platform: a tarball with the production packages and the native engine in it, its bill of
materials (SBOM, CycloneDX) and SHA256SUMS. The same commit, Node, npm and C compiler give the same bytes.

      --commit REV   the commit; HEAD unless given. Without it, files that differ from HEAD are an error: they would not be in the release
      --out DIR      where the three files go; dist unless given
      --source DIR   with --folder: the files as they are there, without git, as the Dockerfile does. --commit is then only noted
      --folder DIR   writes the folder of a release and packs nothing
  -h, --help         this text

Needs git, tar, npm and a C compiler. Exit codes: 0, 1 it could not be made, 64 wrong command line.
`;

export type Options =
  | { readonly kind: 'help' }
  | { readonly kind: 'pack'; readonly commit: string | null; readonly out: string }
  | { readonly kind: 'folder'; readonly source: string; readonly folder: string; readonly commit: string };

const FLAGS = {
  commit: { type: 'string' },
  out: { type: 'string' },
  source: { type: 'string' },
  folder: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Throws with one line for whoever typed it. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({ args: [...args], options: FLAGS });
  const { commit, out, source, folder, help } = values;
  if (help === true) return { kind: 'help' };
  if (source === undefined && folder === undefined) return { kind: 'pack', commit: commit ?? null, out: out ?? 'dist' };
  if (source === undefined || folder === undefined) throw new Error('--source and --folder go together');
  if (out !== undefined) throw new Error('--out is for a tarball, and --folder packs none');
  return { kind: 'folder', source, folder, commit: commit ?? 'unknown' };
}

// Builds the native relay engine: one call of the C compiler, kept under a name that says which sources and machine it is for, so that a
// changed source is built anew and an unchanged one never twice.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = ['addon.c', 'front-addon.c', 'link-addon.c', 'engine.c', 'engine-move.c', 'front.c'] as const;
const HEADERS = ['addon.h', 'addon-uv.h', 'engine.h', 'engine-internal.h', 'front.h'] as const;
// Bound at once: a Node that lacks something is found out when the engine is chosen, not in a carrier.
const FLAGS = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-fPIC', '-shared', '-pthread', '-fvisibility=hidden', '-Wl,-z,now'];
const BUILD_MS = 60_000;
const FOLDER = join(import.meta.dirname, 'build');

export type Built =
  | { readonly ok: true; readonly file: string; readonly how: 'built' | 'found' }
  /** `why` is for people: what is missing, or the compiler's first words. */
  | { readonly ok: false; readonly why: string };

/** Where the engine for these sources and this machine is, whether it has been built or not. */
export function addonFile(folder = FOLDER): string {
  const hash = createHash('sha256').update(FLAGS.join(' '));
  for (const name of [...SOURCES, ...HEADERS]) hash.update(readFileSync(join(import.meta.dirname, name)));
  return join(folder, `relay-${process.platform}-${process.arch}-${hash.digest('hex').slice(0, 12)}.node`);
}

/** `path` is the PATH on which `cc` is looked for. */
export function buildAddon(path: string | undefined, folder = FOLDER): Built {
  const file = addonFile(folder);
  if (existsSync(file)) return { ok: true, file, how: 'found' };
  if (process.platform !== 'linux') return { ok: false, why: `the native engine is for Linux, this is ${process.platform}` };
  const include = headersFolder();
  if (include === null) return { ok: false, why: 'the package node-api-headers is not installed' };

  // Under a name of its own until it is whole: another process may build at the same moment.
  const unfinished = `${file}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true });
    const sources = SOURCES.map((name) => join(import.meta.dirname, name));
    const compiled = spawnSync('cc', [...FLAGS, `-I${include}`, '-o', unfinished, ...sources], {
      env: { ...(path !== undefined && { PATH: path }), LC_ALL: 'C' },
      encoding: 'utf8',
      timeout: BUILD_MS,
    });
    if (compiled.error) {
      const code = (compiled.error as NodeJS.ErrnoException).code;
      return { ok: false, why: code === 'ENOENT' ? 'no C compiler (cc) on the PATH' : `cc: ${compiled.error.message}` };
    }
    if (compiled.status !== 0) return { ok: false, why: `cc failed: ${compiled.stderr.trim().split('\n')[0] ?? ''}` };
    renameSync(unfinished, file);
    return { ok: true, file, how: 'built' };
  } catch (error) {
    return { ok: false, why: (error as Error).message };
  } finally {
    if (existsSync(unfinished)) rmSync(unfinished);
  }
}

function headersFolder(): string | null {
  const folder = join(import.meta.dirname, '../../node_modules/node-api-headers/include');
  return existsSync(join(folder, 'node_api.h')) ? folder : null;
}

// npm, as a release uses it: what the lock has, and no script of a package.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstalledPackage } from './bill.ts';
import { run } from './program.ts';

const QUIET = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];

/** Gives back what npm notes of what it installed, by path. */
export async function installLocked(folder: string, flags: readonly string[]): Promise<Record<string, InstalledPackage>> {
  await run('npm', ['ci', ...flags, ...QUIET], { cwd: folder, env: npmEnvironment() });
  const noted = JSON.parse(await readFile(join(folder, 'node_modules/.package-lock.json'), 'utf8')) as {
    packages: Record<string, InstalledPackage>;
  };
  return noted.packages;
}

/** `npm run` hands its own settings down, some of which would choose other packages. */
function npmEnvironment(): NodeJS.ProcessEnv {
  const chooses = /^npm_config_(workspaces?|include_workspace_root|omit|include|production|global|prefix|local_prefix|ignore_scripts)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !chooses.test(name)));
}

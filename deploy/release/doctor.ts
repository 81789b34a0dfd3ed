// The doctor as one file, in a release beside the node. Made in a folder of its own: what it is made of, and by, is nothing that a node runs.

import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { InstalledPackage } from './bill.ts';
import { isOfDoctor } from './contents.ts';
import { installLocked } from './npm.ts';
import { run } from './program.ts';

export interface DoctorInput {
  readonly source: string;
  /** Paths in `source`, from its root. */
  readonly files: readonly string[];
  readonly out: string;
}

/** Esbuild itself is an optional package of the platform. */
const PACKAGES = ['--omit=dev', '--include=optional', '-w', 'agent'];

/** Gives back the packages that are in the file, for the bill of materials. */
export async function bundleDoctor({ source, files, out }: DoctorInput): Promise<Record<string, InstalledPackage>> {
  const work = await mkdtemp(join(tmpdir(), 'pinhole-doctor-'));
  try {
    for (const file of files.filter(isOfDoctor)) {
      await mkdir(dirname(join(work, file)), { recursive: true });
      await cp(join(source, file), join(work, file));
    }
    const installed = await installLocked(work, PACKAGES);
    const inputsFile = join(work, 'inputs.json');
    await run(process.execPath, ['agent/doctor/bundle.ts', out, inputsFile], { cwd: work });
    return packagesIn(JSON.parse(await readFile(inputsFile, 'utf8')) as string[], installed);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Of what was installed, what one of the bundled files lies in. */
export function packagesIn(
  inputs: readonly string[],
  installed: Readonly<Record<string, InstalledPackage>>,
): Record<string, InstalledPackage> {
  const folders = new Set(inputs.map((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]));
  return Object.fromEntries(Object.entries(installed).filter(([path]) => folders.has(path)));
}

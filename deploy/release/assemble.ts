// Makes the folder that a host or an image runs: the shipped files, the production packages as the lock has them, and the native engine.

import { createHash } from 'node:crypto';
import { cp, lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { renderBill, type InstalledPackage } from './bill.ts';
import { isScaffold, isShipped, releaseManifest } from './contents.ts';
import { oldestGlibc } from './glibc.ts';
import { type NodePin, parseNodeSums } from './node-sums.ts';
import { bundleDoctor } from './doctor.ts';
import { installLocked } from './npm.ts';
import { run } from './program.ts';

/** Amazon Linux 2023 has this one, Debian 12 a later one: an engine that wants more would not load there, and nobody would see why. */
const GLIBC_MAX = '2.34';

/** `healthcheck` is in, for the probe of every node and for `pinhole fleet`. Install scripts never run: none of these packages needs one. */
const PACKAGES = ['--omit=dev', '--omit=optional', '-w', 'healthcheck', '--include-workspace-root'];

/** The one file to copy to a customer's site. */
const DOCTOR = 'pinhole-doctor.mjs';

export interface Assembled {
  readonly version: string;
  /** Of this machine: `linux-x64`. */
  readonly target: string;
  /** CycloneDX, as it is in the folder too. */
  readonly bill: string;
}

export interface Assembly {
  readonly source: string;
  /** Paths in `source`, from its root. */
  readonly files: readonly string[];
  /** Is made; must be empty or not there. */
  readonly folder: string;
  readonly commit: string;
}

export async function assemble({ source, files, folder, commit }: Assembly): Promise<Assembled> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) throw new Error(`${folder} is not empty`);
  for (const file of files.filter((path) => isShipped(path) || isScaffold(path))) await copy(join(source, file), join(folder, file));

  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
  const { version } = manifest;
  const pin = await pinFor(folder);
  const packages = await installPackages(folder);
  const engine = await buildEngine(folder);
  await strip(folder, files);
  const ofDoctor = await bundleDoctor({ source, files, out: join(folder, DOCTOR) });
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(releaseManifest({ ...manifest }), null, 2)}\n`);
  const bill = renderBill({ version, commit, packages: { ...packages, ...ofDoctor }, node: pin, engine });
  await writeFile(join(folder, 'SBOM.cdx.json'), bill);
  await writeFile(
    join(folder, 'RELEASE.json'),
    `${JSON.stringify({ version, commit, target: pin.target, node: pin.version, glibc: engine.glibc }, null, 2)}\n`,
  );
  return { version, target: pin.target, bill };
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { preserveTimestamps: false });
}

/** The engine is built for this machine, so the release is. */
async function pinFor(folder: string): Promise<NodePin> {
  const target = `${process.platform}-${process.arch}`;
  const pin = parseNodeSums(await readFile(join(folder, 'deploy/host/node.sums'), 'utf8')).find((each) => each.target === target);
  if (!pin) throw new Error(`a release for ${target} cannot be made: deploy/host/node.sums has no Node for it`);
  return pin;
}

async function installPackages(folder: string): Promise<Record<string, InstalledPackage>> {
  return await installLocked(folder, PACKAGES);
}

async function buildEngine(folder: string): Promise<{ file: string; sha256: string; glibc: string }> {
  await run(process.execPath, ['scripts/build-native.ts'], { cwd: folder });
  const [name, ...others] = await readdir(join(folder, 'proxy/native/build'));
  if (name === undefined || others.length > 0) throw new Error('the build left more, or less, than one engine');
  const file = `proxy/native/build/${name}`;
  const bytes = await readFile(join(folder, file));
  const glibc = oldestGlibc(bytes);
  if (isNewer(glibc, GLIBC_MAX))
    throw new Error(`the engine needs glibc ${glibc}, and Amazon Linux 2023 has ${GLIBC_MAX}: build it on Debian 12`);
  return { file, sha256: createHash('sha256').update(bytes).digest('hex'), glibc };
}

function isNewer(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) > 0;
}

/** Takes out what only building it needed, npm's own notes, and links to workspaces that are not there. */
async function strip(folder: string, files: readonly string[]): Promise<void> {
  for (const file of files.filter((path) => isScaffold(path) && !isShipped(path) && path !== 'package.json')) await rm(join(folder, file));
  for (const left of ['node_modules/.bin', 'node_modules/.package-lock.json', 'scripts']) await rm(join(folder, left), { recursive: true });
  for (const name of await readdir(join(folder, 'node_modules'))) {
    const path = join(folder, 'node_modules', name);
    if ((await lstat(path)).isSymbolicLink()) await rm(path);
  }
  await removeEmpty(folder);
}

async function removeEmpty(folder: string): Promise<boolean> {
  let isEmpty = true;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === 'node_modules' || !(await removeEmpty(join(folder, entry.name)))) isEmpty = false;
  }
  if (isEmpty) await rm(folder, { recursive: true });
  return isEmpty;
}

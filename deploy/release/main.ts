// `npm run release`: of a commit a tarball, its bill of materials and checksums.

import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { assemble } from './assemble.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { packFolder, sha256Of } from './pack.ts';
import { run } from './program.ts';

const ROOT = resolve(import.meta.dirname, '../..');

async function pack({ commit, out }: Options & { kind: 'pack' }): Promise<void> {
  const git = (...args: readonly string[]): Promise<string> => run('git', args, { cwd: ROOT });
  if (commit === null) {
    const changed = (await git('status', '--porcelain')).trim();
    if (changed !== '')
      throw new Error(`these are not in HEAD, so they would not be in the release (--commit HEAD makes it all the same):\n${changed}`);
  }
  const id = (await git('rev-parse', '--verify', `${commit ?? 'HEAD'}^{commit}`)).trim();
  const madeAt = Number(await git('show', '-s', '--format=%ct', id));

  const work = await mkdtemp(join(tmpdir(), 'pinhole-release-'));
  try {
    const source = join(work, 'source');
    await mkdir(source);
    await git('archive', '--format=tar', `--output=${join(work, 'source.tar')}`, id);
    await run('tar', ['-x', '-C', source, '-f', join(work, 'source.tar')], { cwd: work });
    const building = join(work, 'building');
    const { version, target, bill } = await assemble({ source, files: await filesIn(source), folder: building, commit: id });

    const name = `pinhole-${version}-${target}`;
    const folder = join(work, name);
    await run('mv', [building, folder], { cwd: work });
    await mkdir(out, { recursive: true });
    const files = [join(out, `${name}.tar.gz`), join(out, `${name}.cdx.json`)] as const;
    await packFolder(folder, files[0], madeAt);
    await writeFile(files[1], bill);
    const sums = await Promise.all(files.map(async (file) => `${await sha256Of(file)}  ${basename(file)}\n`));
    await writeFile(join(out, 'SHA256SUMS'), sums.join(''));
    process.stdout.write(sums.join(''));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Every file of a folder, but of installed packages. */
async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { withFileTypes: true, recursive: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)node_modules\//.test(path))
    .toSorted();
}

async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    process.stderr.write(`release: ${(error as Error).message}\n`);
    return 64;
  }
  try {
    if (options.kind === 'help') process.stdout.write(USAGE);
    else if (options.kind === 'pack') await pack({ ...options, out: resolve(ROOT, options.out) });
    else await assemble({ ...options, files: await filesIn(options.source) });
    return 0;
  } catch (error) {
    process.stderr.write(`release: ${(error as Error).message}\n`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));

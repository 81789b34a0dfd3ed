// A folder as a tarball that is the same, byte for byte, whoever makes it of the same folder.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** What tar would take from this machine, its user and this moment. */
const REPRODUCIBLE = ['--sort=name', '--format=ustar', '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX'];

/** `madeAtSeconds` is the time of every file in it. Its one top folder is named as `folder`. */
export async function packFolder(folder: string, file: string, madeAtSeconds: number): Promise<void> {
  const tar = spawn('tar', [...REPRODUCIBLE, `--mtime=@${madeAtSeconds}`, '-C', dirname(folder), '-c', basename(folder)], {
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(tar, 'close');
  await pipeline(tar.stdout, createGzip({ level: 9 }), createWriteStream(file));
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`tar ended with ${code}`);
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

// moto's server, other people's stand-in of AWS: a second opinion beside ours. Where it is not importable it is put into a virtual environment
// of its own, in a temporary folder that goes with the run.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { pipInstall } from './pip-install.ts';

const run = promisify(execFile);

export const MOTO_VERSION = '5.2.5';
const SAY_VERSION = 'import moto.server; print(moto.__version__)';
/** The server's own word of where it listens, when it was left to choose the port. */
const LISTENS = /Running on (http:\/\/127\.0\.0\.1:\d+)/;

export interface Moto {
  readonly url: string;
  stop(): Promise<void>;
}

/** Or why there is none here. */
export async function startMoto(): Promise<Moto | { readonly missing: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-moto-'));
  const clear = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const python = (await hasMoto('python3')) ? 'python3' : await install(folder);
    const server = await serve(python, folder);
    return { url: server.url, stop: () => end(server.child).finally(clear) };
  } catch (error) {
    clear();
    return { missing: wordsOf(error) };
  }
}

async function hasMoto(python: string): Promise<boolean> {
  const { stdout } = await run(python, ['-c', SAY_VERSION]).catch(() => ({ stdout: '' }));
  return stdout.trim() === MOTO_VERSION;
}

/** Gives the Python that has it. */
async function install(folder: string): Promise<string> {
  return join(await pipInstall(folder, `moto[server]==${MOTO_VERSION}`), 'python3');
}

async function serve(python: string, folder: string): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const last: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    const url = LISTENS.exec(line)?.[1];
    // What it says from now on, a line for each request, is read and dropped.
    if (url !== undefined) return (child.stderr.resume(), { url, child });
    last.push(line);
  }
  throw new Error(`moto ended: ${last.slice(-3).join(' | ')}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** The last line that a program said is the one that says why. */
function wordsOf(error: unknown): string {
  const { message, stderr, code } = error as NodeJS.ErrnoException & { stderr?: string };
  if (code === 'ENOENT') return 'python3 is not installed';
  return stderr?.trim().split('\n').at(-1) || message;
}

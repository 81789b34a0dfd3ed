// The bench's own C programs, built when a run starts: what is measured is what the sources say.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Unavailable } from './unavailable.ts';

/** Where Debian, and most others, have what a program with TLS is built with. */
export const OPENSSL_HEADER = '/usr/include/openssl/ssl.h';

/** The load program; without OpenSSL to build with it knows no TLS. */
export function buildLoad(folder: string): string {
  const tls = existsSync(OPENSSL_HEADER) ? ['-DWITH_TLS', '-lssl', '-lcrypto'] : [];
  return build(folder, 'load', ['load.c', 'echo.c', 'channel.c', 'sockets.c'], tls);
}

/** The yardstick without policy. */
export function buildBareRelay(folder: string): string {
  return build(folder, 'bare-relay', ['bare-relay.c', 'copy.c', 'splice.c', 'sockets.c'], []);
}

/** Crowds that nobody wants. */
export function buildPress(folder: string): string {
  return build(folder, 'press', ['press.c', 'sockets.c'], []);
}

/** Gives the program's path. */
function build(folder: string, name: string, sources: readonly string[], flags: readonly string[]): string {
  const programs = join(folder, 'programs');
  mkdirSync(programs, { recursive: true });
  const program = join(programs, name);
  const paths = sources.map((source) => join(import.meta.dirname, source));
  const compiled = spawnSync('cc', ['-O2', '-Wall', '-Wextra', '-o', program, ...paths, ...flags], { encoding: 'utf8' });
  if (compiled.error)
    throw new Unavailable(`The ${name} program is C, and there is no C compiler (cc) on the PATH. On Debian: apt install gcc libc6-dev`);
  if (compiled.status !== 0) throw new Unavailable(`cc could not build ${sources.join(', ')}:\n${compiled.stderr.trim()}`);
  return program;
}

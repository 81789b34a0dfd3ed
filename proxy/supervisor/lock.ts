// One supervisor per runtime folder: whoever answers on its socket holds it. Nothing has to be cleaned up after a kill -9, because a
// socket that nobody listens on refuses the connection.

import { chmodSync, linkSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';

const TRIES_MAX = 5;

export interface Lock {
  /** An earlier supervisor of this folder ended without giving it back; its children may still be about to end. */
  readonly wasStale: boolean;
  release(): void;
}

/** Takes the lock at `path`, or gives back null where a live supervisor holds it. Whoever connects is told `view()`. */
export async function takeLock(path: string, view: () => string): Promise<Lock | null> {
  const own = `${path}.${process.pid}`;
  const server = await listenOn(own, view);
  const giveUp = (): void => {
    server.close();
    rmSync(own, { force: true });
  };

  let wasStale = false;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    if (linked(own, path)) {
      rmSync(own);
      return { wasStale, release: () => (rmSync(path, { force: true }), void server.close()) };
    }
    if (await answers(path)) break;
    wasStale = true;
    if (!(await removeStale(path))) break;
  }
  giveUp();
  return null;
}

function listenOn(path: string, view: () => string): Promise<Server> {
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(view());
    // Nothing is read here, and nobody holds a descriptor of the supervisor's for longer than the answer takes.
    socket.resume();
    socket.once('finish', () => socket.destroy());
  });
  server.maxConnections = 64;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve(server);
    });
  });
}

/** A hard link is the one step of the file system that makes a name only where there is none. */
function linked(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves the dead socket away and looks again: another starter may have put its own, live one there in between. */
async function removeStale(path: string): Promise<boolean> {
  const aside = `${path}.${process.pid}.tmp`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  if (await answers(aside)) {
    renameSync(aside, path);
    return false;
  }
  rmSync(aside);
  return true;
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Anything but "nobody listens" and "no such file" may be a supervisor that is busy.
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'));
  });
}

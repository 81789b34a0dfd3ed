// The last good address list on disk, so that an agent that starts while its proxy's name does not resolve still finds a node. Written whole
// or not at all; what is read is judged like what comes from the network.

import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ListStore, StoredList } from './list-keeper.ts';

export function diskStore(path: string): ListStore {
  return {
    read() {
      const text = readIfThere(path);
      return text === null ? null : parseStored(text, path);
    },
    write(stored) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      // Its own for each agent: several may share a user and a proxy.
      const partial = `${path}.${process.pid}.partial`;
      try {
        writeDown(partial, JSON.stringify(stored));
        renameSync(partial, path);
      } catch (error) {
        rmSync(partial, { force: true });
        throw error;
      }
    },
  };
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function parseStored(text: string, path: string): StoredList {
  const value = parseJson(text);
  if (typeof value === 'object' && value !== null && 'source' in value && 'etag' in value && 'text' in value) {
    const { source, etag, text: list } = value;
    if (typeof source === 'string' && typeof list === 'string' && (etag === null || typeof etag === 'string'))
      return { source, etag, text: list };
  }
  throw Object.assign(new Error(`${path} is truncated, or another file`), { code: 'MALFORMED' });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** On the disk before it takes the old one's place: a device loses its power at any moment. */
function writeDown(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

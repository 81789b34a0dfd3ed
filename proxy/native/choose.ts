// Which relay engine a node runs with, decided once, before its processes start.

import type { RelayChoice, RelayName } from '../core/settings.ts';
import { buildAddon } from './build.ts';
import { loadAddon } from './engine.ts';

export type RelayChosen = { readonly engine: RelayName; readonly why: string } | { readonly refused: string };

/** Builds the native engine where it is wanted and missing. `path` is the PATH on which a C compiler is looked for. */
export function chooseRelay(choice: RelayChoice, path: string | undefined, folder?: string): RelayChosen {
  if (choice === 'node') return { engine: 'node', why: 'asked for' };
  const built = buildAddon(path, folder);
  const obstacle = built.ok ? loadObstacle(built.file) : built.why;
  if (obstacle === null) return { engine: 'native', why: built.ok && built.how === 'built' ? 'built now' : 'built before' };
  return choice === 'native' ? { refused: obstacle } : { engine: 'node', why: obstacle };
}

function loadObstacle(file: string): string | null {
  try {
    loadAddon(file);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

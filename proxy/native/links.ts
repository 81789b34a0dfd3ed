// The links between carriers as the data plane calls them.

import { getSystemErrorName } from 'node:util';
import type { MoveLinkCalls } from '../tunnel/move-links.ts';
import type { Addon } from './engine.ts';

export function createLinkCalls(addon: Addon, onReady: (link: number, what: number) => void): MoveLinkCalls {
  return { ...addon.createLinks(onReady), errorCode: (errno) => getSystemErrorName(errno) };
}

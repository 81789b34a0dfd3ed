// The yardstick of our own: what a relay without any policy costs on this machine (bare-relay.c).

import type { Contestant } from './contestant.ts';

export const BARE_RELAY: Contestant = {
  name: 'bare relay',
  mode: 'connect',
  ourName: null,
  needs: null,
  version: null,
  target: ({ echo }) => `${echo.address}:${echo.port}`,
  config: null,
  command: ({ port, bareRelay }) => [bareRelay, '127.0.0.1', `${port}`, 'copy', `${64 * 1_024}`],
};

// How the other nodes are doing, from here: what they say in public, and whether one gets through them. Their answers count; their silence,
// which may be ours, does not.

import { get } from 'node:http';
import type { Clock } from '../clock.ts';
import { attempt, type AttemptDeps } from './attempt.ts';
import type { Outcome, PeerView, Place } from './contract.ts';
import type { Path } from './paths.ts';

const READY_TIMEOUT_MS = 4_000;
const BODY_BYTES_MAX = 64;

/** `paths`: what failed here, to be tried there too. */
export async function viewPeer(peer: Place, paths: readonly Path[], deps: AttemptDeps): Promise<PeerView> {
  const [ready, ...attempts] = await Promise.all([
    askReady(peer, deps.clock),
    ...paths.map((path) => attempt(path, { ...peer, wantsProxyHeader: false }, deps)),
  ]);
  const through: Record<string, boolean | null> = {};
  for (const { endpoint } of paths) {
    const outcomes = attempts.filter((one) => one.attempt.endpoint === endpoint).map((one) => one.attempt.outcome);
    through[endpoint] = said(outcomes);
  }
  return { peer, ready, through };
}

/** One way that did not go through there says that it is not only here; one that could not be tried says nothing. */
function said(outcomes: readonly Outcome[]): boolean | null {
  if (outcomes.includes('upstream')) return false;
  return outcomes.every((outcome) => outcome === 'through') ? true : null;
}

/** The one word of the public answer, on the very port that agents use. */
function askReady({ address, port }: Place, clock: Clock): Promise<PeerView['ready']> {
  return new Promise((resolve) => {
    const request = get({ host: address, port, path: '/ready', agent: false }, (response) => {
      let text = '';
      response.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
        if (text.length > BODY_BYTES_MAX) settle('silent');
      });
      response.on('end', () => settle(text === 'ready\n' ? 'yes' : text === 'closed\n' ? 'no' : 'silent'));
    });
    const cancel = clock.after(READY_TIMEOUT_MS, () => settle('silent'));
    function settle(ready: PeerView['ready']): void {
      cancel();
      resolve(ready);
      request.destroy();
    }
    request.on('error', () => settle('silent'));
    request.on('close', () => settle('silent'));
  });
}

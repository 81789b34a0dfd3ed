// The other nodes, side by side with this one: asked by control and not by the browser, so that the page talks to one address alone and no token
// leaves the nodes. What a node of another version does not say is left out.

import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Clock } from '../../core/clock.ts';

const ASK_TIMEOUT_MS = 2_000;
/** A status with 256 carriers has some 200 KiB. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/** What the page shows of a node. */
export interface NodeGlance {
  readonly node: string;
  readonly version: string;
  readonly generation: number | null;
  readonly ready: boolean;
  readonly degraded: boolean;
  readonly reasons: readonly string[];
  readonly concerns: readonly string[];
  readonly tunnels: number;
  /** Null where it does not say. */
  readonly tunnelsMax: number | null;
  readonly opensPerSecond: number;
  readonly uptimeMs: number | null;
  readonly drain: { readonly phase: string; readonly etaMs: number | null } | null;
}

export interface PeerRow {
  readonly url: string;
  readonly status: NodeGlance | null;
  /** Why there is none. */
  readonly error: string | null;
}

export async function askPeers(urls: readonly string[], token: string | null, clock: Clock): Promise<readonly PeerRow[]> {
  return Promise.all(urls.map((url) => askPeer(url, token, clock)));
}

async function askPeer(url: string, token: string | null, clock: Clock): Promise<PeerRow> {
  try {
    const status = glanceAt(JSON.parse(await get(new URL('/status', url), token, clock)));
    return { url, status, error: status === null ? 'what answers there is no node' : null };
  } catch (error) {
    return { url, status: null, error: error instanceof SyntaxError ? 'what answers there is no node' : wordsOf(error) };
  }
}

/** A redirect is not followed: the token is for this address. */
function get(url: URL, token: string | null, clock: Clock): Promise<string> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, headers: token === null ? {} : { authorization: `Bearer ${token}` } });
    const cancel = clock.after(ASK_TIMEOUT_MS, () => outgoing.destroy(new Error(`no answer within ${ASK_TIMEOUT_MS} ms`)));
    outgoing.once('error', reject);
    outgoing.once('close', () => {
      cancel();
      reject(new Error('it closed the connection'));
    });
    outgoing.once('response', (response) => {
      if (response.statusCode !== 200) {
        reject(new Error(response.statusCode === 401 ? 'it does not take our admin.token' : `it answers ${response.statusCode}`));
        outgoing.destroy();
        return;
      }
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > ANSWER_BYTES_MAX) outgoing.destroy(new Error('its answer is too long'));
      });
      response.once('end', () => resolve(text));
      response.once('error', reject);
    });
    outgoing.end();
  });
}

function wordsOf(error: unknown): string {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? `no answer (${code})` : String(message);
}

export function glanceAt(status: unknown): NodeGlance | null {
  const { node, version, generation, ready, degraded, reasons, concerns, tunnels, capacity, opensPerSecond, uptimeMs, drain } = Object(
    status,
  ) as Record<string, unknown>;
  if (!isName(node) || !isName(version) || typeof ready !== 'boolean' || typeof tunnels !== 'number') return null;
  return {
    node,
    version,
    generation: numberOf(generation),
    ready,
    degraded: degraded === true,
    reasons: textsOf(reasons),
    concerns: textsOf(concerns),
    tunnels,
    tunnelsMax: numberOf((Object(capacity) as Record<string, unknown>)['tunnels']),
    opensPerSecond: numberOf(opensPerSecond) ?? 0,
    uptimeMs: numberOf(uptimeMs),
    drain: drainOf(drain),
  };
}

function drainOf(drain: unknown): NodeGlance['drain'] {
  const { phase, etaMs } = Object(drain) as Record<string, unknown>;
  return isName(phase) ? { phase, etaMs: numberOf(etaMs) } : null;
}

/** A sentence or two each: a node has a dozen latches. What answers may be no node, and whoever looks at the page has to get through it. */
const TEXTS_MAX = 20;
const TEXT_MAX = 500;
const NAME_MAX = 100;

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= NAME_MAX;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string' && text.length <= TEXT_MAX).slice(0, TEXTS_MAX) : [];
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

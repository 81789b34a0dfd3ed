// Looks at the fleet from outside, again and again: each node's public word and its admin address, the name servers' answers. Judges nothing.

import { get } from 'node:http';
import type { SlotPlace } from './layout.ts';
import type { NodeSight, NodeState } from './snapshot.ts';

const ASK_MS = 1_000;

/** `pid` of a node that the sandbox has started. */
export async function lookAt(slot: SlotPlace, pid: number | null, token: string): Promise<NodeSight> {
  const [door, health, admin] = await Promise.all([
    ask(`${slot.door}/ready`, {}),
    ask(`${slot.health}/ready`, {}),
    ask(`${slot.admin}/status`, { authorization: `Bearer ${token}` }),
  ]);
  const status = admin?.status === 200 ? parse(admin.body) : {};
  const { secondsAgo } = Object(parse(health?.body ?? '')['probe']) as { secondsAgo?: unknown };
  const ready = door === null ? null : door.status === 200;
  const number = (name: string): number | null => (typeof status[name] === 'number' ? status[name] : null);
  const words = (name: string): string[] =>
    Array.isArray(status[name]) ? status[name].filter((word): word is string => typeof word === 'string') : [];
  const { phase } = Object(status['drain']) as { phase?: unknown };
  const drain = typeof phase === 'string' ? phase : null;
  const known = number('pid') ?? pid;
  return {
    slot: slot.id,
    state: stateOf({ ready, hasStatus: admin !== null, isDegraded: status['degraded'] === true, drain, isThere: known !== null }),
    ready,
    reasons: words('reasons'),
    concerns: words('concerns'),
    drain,
    pid: known,
    generation: number('generation'),
    version: typeof status['version'] === 'string' ? status['version'] : null,
    tunnels: number('tunnels'),
    opensPerSecond: number('opensPerSecond'),
    opened: number('opened'),
    probeSecondsAgo: typeof secondsAgo === 'number' ? secondsAgo : null,
  };
}

export interface StateFacts {
  readonly ready: boolean | null;
  readonly hasStatus: boolean;
  readonly isDegraded: boolean;
  readonly drain: string | null;
  /** A process of it is known. */
  readonly isThere: boolean;
}

export function stateOf({ ready, hasStatus, isDegraded, drain, isThere }: StateFacts): NodeState {
  if (ready === null && !hasStatus) return isThere ? 'silent' : 'dead';
  if (drain !== null) return 'draining';
  if (ready !== true) return 'closed';
  return isDegraded ? 'degraded' : 'ready';
}

interface Said {
  readonly status: number;
  readonly body: string;
}

/** Null where nobody answers in time. */
function ask(url: string, headers: Record<string, string>): Promise<Said | null> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, headers, signal: AbortSignal.timeout(ASK_MS) }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (body += part));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.once('error', () => resolve(null));
    });
    request.once('error', () => resolve(null));
  });
}

function parse(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** What the rules of all packets share: whom they ask, and what they may answer. */

import type { Decision } from '../policy/decide.ts';
import type { Limits } from '../limits.ts';
import type { Version } from './codec.ts';

export interface RuleContext {
  readonly version: Version;
  readonly limits: Limits;
  /** Asks the connection's policies; the resource as `topic/x` or `topicfilter/x`. */
  authorize(action: string, resource: string): Decision;
}

/** The connection ends. MQTT 5 clients are told the reason; MQTT 3 has no packet for it. */
export interface Close {
  readonly kind: 'close';
  readonly reason: number;
  readonly why: string;
}

/** AWS neither answers nor closes. */
export interface Ignore {
  readonly kind: 'ignore';
  readonly why: string;
}

export function close(reason: number, why: string): Close {
  return { kind: 'close', reason, why };
}

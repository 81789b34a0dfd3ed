// What a node's answer says about the way behind it. Pure.

import type { Outcome } from './contract.ts';

export interface Answer {
  readonly status: number;
  readonly phrase: string;
  /** By their names in lower case; of two with one name the last. */
  readonly fields: ReadonlyMap<string, string>;
}

/** The head of an answer without its empty line; null where it is none. */
export function parseAnswer(head: string): Answer | null {
  const [first = '', ...lines] = head.split('\r\n');
  const match = /^HTTP\/1\.[01] (\d{3})(?: ([\x20-\x7e]*))?$/.exec(first);
  if (match === null) return null;
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { status: Number(match[1]), phrase: match[2] ?? '', fields };
}

const UNKNOWN_HERE: ReadonlySet<string> = new Set(['AUTH_REQUIRED', 'AUTH_INVALID', 'SOURCE_NOT_ALLOWED']);

/** Of a node's own refusals those that blame what is behind it (docs/reasons.md); the node of another version may know more. */
export function judgeRefusal(status: number, reason: string): Outcome {
  if (status === 502 || status === 504 || reason === 'ADDRESS_NOT_ALLOWED') return 'upstream';
  // Who asks is not known, or may not come from here: that says nothing about the way either.
  if (UNKNOWN_HERE.has(reason)) return 'unclear';
  // For want of room, or because it stops: that says nothing about the way.
  return status === 429 || status === 503 ? 'unclear' : 'ours';
}

/** An upgrade that was not signed: AWS's own 403 is what an agent's would have got past. */
export function judgeUpgrade({ status, fields }: Pick<Answer, 'status' | 'fields'>): Outcome {
  if (fields.get('pinhole-answer') !== 'upstream') return judgeRefusal(status, fields.get('pinhole-reason') ?? '');
  if (status === 403) return 'through';
  return status === 429 || status >= 500 ? 'upstream' : 'unclear';
}

/** `502 DIAL_REFUSED`. Words from the wire are not repeated but for a code of ours. */
export function refusalWords(status: number, reason: string): string {
  return /^[A-Z_]{2,40}$/.test(reason) ? `${status} ${reason}` : `${status}`;
}

// A question to `explain` from texts: the flags of the command, or what stands behind the `?` of the admin API.

import { type Door, DOORS } from '../core/settings.ts';
import { canonicalAddress } from '../policy/canonical-address.ts';

export interface Question {
  readonly door: Door;
  readonly host: string;
  readonly port: number;
  /** With its right token or certificate; null is a stranger. */
  readonly tenant: string | null;
  /** Null: from where it may. */
  readonly from: string | null;
  /** Undefined: what a good client sends. Null: no server name. */
  readonly sni: string | null | undefined;
  readonly alpn: readonly string[];
  readonly address: string | null;
}

export const QUESTION_FIELDS = ['door', 'host', 'port', 'tenant', 'from', 'sni', 'alpn', 'address'] as const;
export type QuestionField = (typeof QUESTION_FIELDS)[number];

/** The question, or what is wrong with it, each field called as whoever asks calls it. */
export function readQuestion(
  textOf: (field: QuestionField) => string | undefined,
  nameOf: (field: QuestionField) => string,
): Question | string {
  const door = textOf('door');
  if (door === undefined) return `${nameOf('door')} is missing`;
  if (!isDoor(door)) return `${nameOf('door')} ${door}: expected connect, connect-tls, sni or gateway`;
  const host = textOf('host');
  if (host === undefined || host === '') return `${nameOf('host')} is missing`;
  const port = textOf('port');
  if (port === undefined) return `${nameOf('port')} is missing`;
  if (!/^[1-9][0-9]{0,4}$/.test(port) || Number(port) > 65_535) return `${nameOf('port')} ${port}: expected a whole number from 1 to 65535`;
  for (const field of ['address', 'from'] as const) {
    const text = textOf(field);
    if (text !== undefined && canonicalAddress(text) === null) return `${nameOf(field)} ${text}: expected an IP address`;
  }
  const sni = textOf('sni');
  return {
    door,
    host,
    port: Number(port),
    tenant: textOf('tenant') ?? null,
    from: canonicalAddress(textOf('from') ?? ''),
    sni: sni === '' ? null : sni,
    alpn: (textOf('alpn') ?? '').split(',').filter((protocol) => protocol !== ''),
    address: canonicalAddress(textOf('address') ?? ''),
  };
}

function isDoor(text: string): text is Door {
  return (DOORS as readonly string[]).includes(text);
}

// What two carriers say of a tunnel that is moved: who it is, and the answer. Neighbour versions read each other: fields that are not known are
// left out, and those that are missing are null. The bytes that wait in the tunnel, its counts and its sockets travel beside this (proxy/native).

import { REASONS, type ReasonCode } from '../core/fault.ts';
import { MOVE_IDENTITY_BYTES_MAX } from '../core/limits.ts';
import { STAY_REASONS, type StayReason } from '../core/move.ts';
import type { SessionRecord } from '../core/record.ts';
import { DOORS, ENDPOINT_KINDS } from '../core/settings.ts';
import type { Proof } from '../core/tenant.ts';

/** Raised where an older version must not take a tunnel that it would read wrongly; new fields do not need that. */
const VERSION = 1;
/** A record's own texts are shorter. */
const TEXT_MAX = 1_024;

/** A session that is on the relay, as another carrier goes on with it. */
export interface MovedSession {
  readonly record: SessionRecord;
  /** When it was accepted, by the machine's clock. */
  readonly startMs: number;
  /** Infinity where it may grow as old as it likes. */
  readonly maxAgeMs: number;
  /** The policy under which it was allowed. */
  readonly policyVersion: string;
  /** Null where anyone may use the list, and from a version that does not say. */
  readonly proof: Proof | null;
}

/** Null where it is longer than the other side would read. */
export function writeIdentity({ record, startMs, maxAgeMs, policyVersion, proof }: MovedSession): Buffer | null {
  const bytes = Buffer.from(
    JSON.stringify({
      version: VERSION,
      start_ms: startMs,
      max_age_ms: maxAgeMs === Infinity ? null : maxAgeMs,
      policy_version: policyVersion,
      ...(proof && { proof }),
      record,
    }),
  );
  return bytes.length > MOVE_IDENTITY_BYTES_MAX ? null : bytes;
}

/** Null where it is not for this version. `share` gives one string for all that are equal: tens of thousands of tunnels keep their record. */
export function readIdentity(bytes: Buffer, share: (text: string) => string = (text) => text): MovedSession | null {
  let said: Fields;
  try {
    said = fieldsOf(JSON.parse(bytes.toString('utf8')));
  } catch {
    return null;
  }
  const from = new Reader(fieldsOf(said['record']), share);
  const about = new Reader(said, share);
  const { id, client_ip, listener } = { id: from.text('id'), client_ip: from.text('client_ip'), listener: from.text('listener') };
  const startMs = about.number('start_ms');
  if (
    said['version'] !== VERSION ||
    id === null ||
    !/^[A-Z2-7]{20}$/.test(id) ||
    client_ip === null ||
    listener === null ||
    startMs === null
  )
    return null;
  const door = from.one('door', DOORS);
  const kind = from.one('kind', ENDPOINT_KINDS);
  // A door that this version does not have would be a label that nobody knows.
  if (door === null || kind === null) return null;
  return {
    startMs,
    maxAgeMs: about.number('max_age_ms') ?? Infinity,
    policyVersion: about.text('policy_version') ?? '',
    proof: readProof(fieldsOf(said['proof']), share),
    record: {
      id,
      listener,
      door,
      client_ip,
      client_port: from.number('client_port') ?? 0,
      tenant: from.text('tenant'),
      target_host: from.text('target_host'),
      target_port: from.number('target_port'),
      endpoint: from.text('endpoint'),
      kind,
      sni: from.text('sni'),
      alpn: from.text('alpn'),
      tls_version: from.text('tls_version'),
      would_deny: from.codes('would_deny'),
      reason: 'OK',
      status: from.number('status'),
      resolve_ms: from.number('resolve_ms'),
      dial_ms: from.number('dial_ms'),
      upstream_ip: from.text('upstream_ip'),
      upstream_port: from.number('upstream_port'),
      local_ip: from.text('local_ip'),
      local_port: from.number('local_port'),
    },
  };
}

/** What cannot be read counts as not said: the tunnel goes on as long as its tenant does. */
function readProof(said: Fields, share: (text: string) => string): Proof | null {
  const from = new Reader(said, share);
  const by = from.one('by', PROOFS);
  if (by === 'source') return { by };
  if (by === 'token') {
    const hash = from.text('hash');
    return hash === null ? null : { by, hash };
  }
  if (by !== 'certificate') return null;
  const shown = fieldsOf(said['certificate']);
  const certificate = new Reader(shown, share);
  const fingerprint = certificate.text('fingerprint');
  const names = Array.isArray(shown['names']) ? shown['names'].filter((name) => typeof name === 'string') : [];
  return fingerprint === null ? null : { by, certificate: { commonName: certificate.text('commonName'), names, fingerprint } };
}

const PROOFS = ['token', 'certificate', 'source'] as const;

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

class Reader {
  readonly #fields: Fields;
  readonly #share: (text: string) => string;

  constructor(fields: Fields, share: (text: string) => string) {
    this.#fields = fields;
    this.#share = share;
  }

  text(name: string): string | null {
    const value = this.#fields[name];
    return typeof value === 'string' && value.length <= TEXT_MAX ? (name === 'id' ? value : this.#share(value)) : null;
  }

  number(name: string): number | null {
    const value = this.#fields[name];
    return typeof value === 'number' && value >= 0 ? value : null;
  }

  one<T extends string>(name: string, values: readonly T[]): T | null {
    return values.find((value) => value === this.#fields[name]) ?? null;
  }

  codes(name: string): ReasonCode[] {
    const value = this.#fields[name];
    return Array.isArray(value) ? value.filter((code): code is ReasonCode => typeof code === 'string' && Object.hasOwn(REASONS, code)) : [];
  }
}

// ---- answers: one to each message, in their order

const TAKEN = '+';
const NOT_TAKEN = '-';

export function writeAnswer(why: StayReason | null): Buffer {
  return Buffer.from(why === null ? TAKEN : `${NOT_TAKEN}${why}`);
}

/** Null where it was taken. What cannot be read counts as that: a tunnel that two processes read would be torn to pieces. */
export function readAnswer(bytes: Buffer): StayReason | null {
  const text = bytes.toString('latin1');
  if (!text.startsWith(NOT_TAKEN)) return null;
  return STAY_REASONS.find((reason) => reason === text.slice(1)) ?? 'version';
}

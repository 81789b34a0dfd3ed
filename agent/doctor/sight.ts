// What a probe has seen of one check, as values: what is judged, shown and printed as JSON comes from these alone. No secret is in them.

import type { Door } from '../doors.ts';
import type { Leg } from '../failure.ts';
import type { ShownCertificate } from '../tls.ts';
import type { CheckId } from './checks.ts';

export interface Sight {
  readonly check: CheckId;
  /** Null where it is about none, or about all. */
  readonly address: string | null;
  readonly door: Door | null;
  /** Null: it went well. */
  readonly trouble: Trouble | null;
  /** Not tried, and why. */
  readonly skipped?: string;
  /** In a few words, for people. */
  readonly seen: string;
  readonly certificate?: ShownCertificate;
  /** The head of an answer over HTTP. */
  readonly answer?: SeenAnswer;
  /** The same handshake once more, changed: `ok`, or the code of what came of it. */
  readonly retries?: Retries;
  /** Somebody else’s clock less this one’s. */
  readonly aheadMs?: number;
  readonly ms?: number;
}

export interface Trouble {
  /** Where on the way it happened: a check of credentials may fail at TCP. */
  readonly leg: Leg;
  /** An errno, a TLS code, a reason of Pinhole’s, `HTTP_407`, `TIMEOUT`, `CLOSED`. */
  readonly code: string;
  readonly detail: string;
  /** Pinhole’s id of the connection. */
  readonly request?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

export interface SeenAnswer {
  readonly status: number;
  readonly isPinhole: boolean;
  /** Fields that tell who answered; never a cookie, a login or a query. */
  readonly marks: readonly string[];
  readonly isPage: boolean;
}

export interface Retries {
  /** Nothing was changed: what comes and goes is no answer to a change. */
  readonly same: string;
  readonly withoutAlpn: string;
  readonly withoutName: string;
}

/** What the doctor was asked to look at, as far as judging needs it. */
export interface Question {
  readonly proxyHost: string;
  readonly endpoint: string;
  /** Doors that were asked for by name; where none was, one that is not there is no fault. */
  readonly wantedDoors: readonly Door[];
  /** Roots were given by hand: then those count, and not Amazon’s name. */
  readonly hasOwnRoots: boolean;
}

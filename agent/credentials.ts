// Temporary AWS credentials from the AWS IoT credential provider: one GET with the device certificate, through the proxy like everything
// else (a known trap: SDKs whose MQTT used the proxy while their credential request went direct). Kept until shortly before they expire.

import type { TLSSocket } from 'node:tls';
import { type Clock, withinDeadline } from './clock.ts';
import { AgentFailure, codeOf, messageOf, type Fixer } from './failure.ts';
import { get, type HttpAnswer } from './http-json.ts';
import type { AwsCredentials } from './sigv4.ts';
import { tlsFailure } from './tls.ts';

export interface TemporaryCredentials extends AwsCredentials {
  readonly sessionToken: string;
  readonly expiresAtMs: number;
}

export interface CredentialRequest {
  readonly host: string;
  readonly roleAlias: string;
  readonly thing: string;
}

const ANSWER_TIMEOUT_MS = 10_000;
/** Renewed this long before they expire: a signature that is refused costs a whole reconnect. */
const MARGIN_MS = 300_000;
/** Short-lived credentials (900 s is AWS's least) still serve most of their life. */
const MARGIN_SHARE = 0.2;

/** Asks over a TLS connection that is open already; the connection is used up by it. */
export async function fetchCredentials(socket: TLSSocket, request: CredentialRequest, clock: Clock): Promise<TemporaryCredentials> {
  const late = (): AgentFailure => failure('TIMEOUT', 'account', `no answer from ${request.host} within ${ANSWER_TIMEOUT_MS} ms`);
  try {
    const answer = await withinDeadline(clock, ANSWER_TIMEOUT_MS, late, () =>
      get(socket, {
        host: request.host,
        path: `/role-aliases/${encodeURIComponent(request.roleAlias)}/credentials`,
        headers: { 'x-amzn-iot-thingname': request.thing, Accept: 'application/json' },
      }),
    );
    return parseCredentials(answer, request);
  } catch (error) {
    throw asCredentialFailure(error, request.host);
  } finally {
    socket.destroy();
  }
}

function asCredentialFailure(error: unknown, host: string): AgentFailure {
  if (error instanceof AgentFailure) return error;
  // With TLS 1.3 a refused client certificate shows up here, as an alert in place of an answer.
  if (error instanceof Error && codeOf(error).startsWith('ERR_SSL')) return tlsFailure(error, { leg: 'endpoint-tls', host }, null);
  return failure(
    codeOf(error),
    'account',
    `${host}: ${messageOf(error)}`,
    'the connection ended before the answer: is the device certificate active in this account?',
  );
}

function parseCredentials(answer: HttpAnswer, request: CredentialRequest): TemporaryCredentials {
  const body = parseJson(answer.body);
  if (answer.status !== 200) throw refused(answer, body, request);
  const found = field(body, 'credentials');
  const accessKeyId = field(found, 'accessKeyId');
  const secretAccessKey = field(found, 'secretAccessKey');
  const sessionToken = field(found, 'sessionToken');
  const expiration = field(found, 'expiration');
  const expiresAtMs = typeof expiration === 'string' ? Date.parse(expiration) : NaN;
  if (
    typeof accessKeyId !== 'string' ||
    typeof secretAccessKey !== 'string' ||
    typeof sessionToken !== 'string' ||
    Number.isNaN(expiresAtMs)
  ) {
    throw failure('ANSWER_MALFORMED', 'account', `${request.host} answered 200 without credentials`, 'is --credentials-endpoint right?');
  }
  return { accessKeyId, secretAccessKey, sessionToken, expiresAtMs };
}

/** AWS's own sentences, and what each asks for. */
const ADVICE: readonly (readonly [RegExp, Fixer, string])[] = [
  [/certificate is invalid/i, 'account', 'the device certificate is not active in this account and region'],
  [/invalid thing name/i, 'account', 'attach the thing to the certificate, or correct --thing'],
  [/access ?denied/i, 'account', "the certificate's policy must allow iot:AssumeRoleWithCertificate on the role alias"],
  [/role alias does not exist/i, 'device', 'correct --role-alias'],
  [/unable to assume the role/i, 'account', 'the role must exist and trust credentials.iot.amazonaws.com'],
  [/maxsessionduration/i, 'account', "the alias's duration is longer than the role allows"],
];

function refused(answer: HttpAnswer, body: unknown, request: CredentialRequest): AgentFailure {
  const message = field(body, 'message');
  const words = typeof message === 'string' ? message.slice(0, 300) : 'no message';
  const [, fixer, hint] = ADVICE.find(([pattern]) => pattern.test(words)) ?? [
    null,
    'account' as const,
    'see the AWS IoT guide on the credential provider',
  ];
  const detail = `${request.host} answered ${answer.status}: ${words} (thing ${request.thing}, role alias ${request.roleAlias})`;
  return new AgentFailure({ leg: 'credentials', code: `HTTP_${answer.status}`, fixer, detail, hint, status: answer.status });
}

/** The last credentials, and one request at a time. A request that fails does not matter while the old ones are still good. */
export class CredentialCache {
  readonly #clock: Clock;
  readonly #fetch: () => Promise<TemporaryCredentials>;
  #kept: TemporaryCredentials | null = null;
  #renewAtMs = 0;
  #flight: Promise<TemporaryCredentials> | null = null;

  constructor(clock: Clock, fetch: () => Promise<TemporaryCredentials>) {
    this.#clock = clock;
    this.#fetch = fetch;
  }

  async get(): Promise<TemporaryCredentials> {
    if (this.#kept && this.#clock.nowMs() < this.#renewAtMs) return this.#kept;
    this.#flight ??= this.#renew().finally(() => (this.#flight = null));
    try {
      return await this.#flight;
    } catch (error) {
      if (this.#kept && this.#clock.nowMs() < this.#kept.expiresAtMs) return this.#kept;
      throw error;
    }
  }

  /** AWS refused a signature: the next one gets fresh credentials. */
  forget(): void {
    this.#kept = null;
  }

  async #renew(): Promise<TemporaryCredentials> {
    const fresh = await this.#fetch();
    const lifeMs = fresh.expiresAtMs - this.#clock.nowMs();
    this.#kept = fresh;
    this.#renewAtMs = fresh.expiresAtMs - Math.min(MARGIN_MS, lifeMs * MARGIN_SHARE);
    return fresh;
  }
}

function failure(code: string, fixer: Fixer, detail: string, hint?: string): AgentFailure {
  return new AgentFailure({ leg: 'credentials', code, fixer, detail, hint });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

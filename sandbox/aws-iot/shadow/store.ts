/**
 * The shadows of an account: a request comes in, the messages that AWS publishes for it come out. No I/O.
 * Guide, "Device Shadow MQTT topics": accepted, rejected, delta, documents.
 */

import { applyUpdate, findDelta, type ShadowDocument, stampSections } from './document.ts';
import { readShadowRequest, type Rejection, type ShadowLimits, type ShadowRequest } from './request.ts';

export const OPERATIONS = ['get', 'update', 'delete'] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface ShadowTopic {
  readonly thing: string;
  /** Absent: the classic shadow. */
  readonly name: string | undefined;
  readonly operation: Operation;
}

export interface ShadowMessage {
  readonly topic: string;
  readonly body: object;
}

const REQUEST_TOPIC = /^\$aws\/things\/([^/]+)\/shadow\/(?:name\/([^/]+)\/)?(get|update|delete)$/;

/** undefined for every topic that is not a request: the answers pass here too. */
export function parseShadowTopic(topic: string): ShadowTopic | undefined {
  const [, thing, name, operation] = REQUEST_TOPIC.exec(topic) ?? [];
  const known = OPERATIONS.find((candidate) => candidate === operation);
  return thing === undefined || !known ? undefined : { thing, name, operation: known };
}

export class ShadowStore {
  readonly #documents = new Map<string, ShadowDocument>();
  /** Guide: "Deleting a shadow does not reset its version number to 0." */
  readonly #deletedVersions = new Map<string, number>();
  readonly #limits: ShadowLimits;
  readonly #now: () => number;

  constructor(limits: ShadowLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  handle(topic: ShadowTopic, payload: Buffer): ShadowMessage[] {
    const base = `$aws/things/${topic.thing}/shadow${topic.name === undefined ? '' : `/name/${topic.name}`}`;
    const read = readShadowRequest(topic.operation, payload, this.#limits);
    const timestamp = Math.floor(this.#now() / 1_000);
    if (!read.ok) return [this.#rejected(base, topic.operation, read.rejection, timestamp)];

    const { request } = read;
    const reply = this.#run(base, topic, request, timestamp);
    if (!isRejection(reply)) return reply;
    return [this.#rejected(base, topic.operation, { ...reply, ...tokenOf(request) }, timestamp)];
  }

  #run(base: string, topic: ShadowTopic, request: ShadowRequest, timestamp: number): ShadowMessage[] | Rejection {
    const current = this.#documents.get(base);
    if (topic.operation === 'update') return this.#update(base, current, request, timestamp);
    if (!current) return { code: 404, message: `No shadow exists with name: '${topic.name ?? topic.thing}'` };
    if (topic.operation === 'get') {
      const delta = findDelta(current);
      const state = { ...current.state, ...(delta ? { delta: delta.state } : {}) };
      const { metadata, version } = current;
      return [{ topic: `${base}/get/accepted`, body: { state, metadata, version, timestamp, ...tokenOf(request) } }];
    }
    if (isStale(request, current.version)) return { code: 409, message: 'Version conflict' };
    this.#documents.delete(base);
    this.#deletedVersions.set(base, current.version);
    return [{ topic: `${base}/delete/accepted`, body: { version: current.version, timestamp, ...tokenOf(request) } }];
  }

  #update(base: string, current: ShadowDocument | undefined, request: ShadowRequest, timestamp: number): ShadowMessage[] | Rejection {
    const before = current ?? { state: {}, metadata: {}, version: this.#deletedVersions.get(base) ?? 0 };
    if (isStale(request, before.version)) return { code: 409, message: 'Version conflict' };
    const after = applyUpdate(before, request.change, timestamp);
    if (Buffer.byteLength(JSON.stringify(after.state)) > this.#limits.shadowBytesMax) {
      return { code: 413, message: 'The payload exceeds the maximum size allowed' };
    }
    this.#documents.set(base, after);
    this.#deletedVersions.delete(base);

    const { version } = after;
    const token = tokenOf(request);
    const metadata = stampSections(request.change, timestamp);
    const delta = findDelta(after);
    return [
      { topic: `${base}/update/accepted`, body: { state: request.change, metadata, version, timestamp, ...token } },
      { topic: `${base}/update/documents`, body: { previous: before, current: after, timestamp, ...token } },
      ...(delta ? [{ topic: `${base}/update/delta`, body: { version, timestamp, ...delta, ...token } }] : []),
    ];
  }

  #rejected(base: string, operation: Operation, rejection: Rejection, timestamp: number): ShadowMessage {
    return { topic: `${base}/${operation}/rejected`, body: { ...rejection, timestamp } };
  }
}

function isRejection(reply: ShadowMessage[] | Rejection): reply is Rejection {
  return 'code' in reply;
}

function isStale(request: ShadowRequest, version: number): boolean {
  return request.version !== undefined && request.version !== version;
}

function tokenOf(request: ShadowRequest): { clientToken?: string } {
  return request.clientToken === undefined ? {} : { clientToken: request.clientToken };
}

/**
 * HTTPS on the data endpoint, by client certificate or SigV4: `POST /topics/<topic>?qos=n` and `GET /retainedMessage/<topic>`.
 * Guide, "HTTPS"; API reference, Publish and GetRetainedMessage.
 */

import type { Limits } from '../limits.ts';
import type { Broker } from '../mqtt/broker.ts';
import { isPublishable, isReserved, isTopicName } from '../mqtt/topics.ts';
import { authorize, type Principal } from '../principal.ts';
import type { Registry } from '../registry.ts';
import { type Answer, refusal, traced } from './respond.ts';

export interface DataServiceDeps {
  readonly broker: Broker;
  readonly registry: Registry;
  readonly limits: Limits;
}

const FORBIDDEN = refusal(403, 'ForbiddenException', 'Forbidden');
const INVALID = refusal(400, 'InvalidRequestException', 'Bad Request');

export interface DataRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Undefined where it is larger than a message may be. */
  readonly body: () => Promise<Buffer | undefined>;
}

/** `principal` is absent where the client showed neither a certificate nor a key that the registry knows. */
export async function answerData(request: DataRequest, principal: Principal | undefined, deps: DataServiceDeps): Promise<Answer> {
  return traced(await answer(request, principal, deps));
}

async function answer(request: DataRequest, principal: Principal | undefined, deps: DataServiceDeps): Promise<Answer> {
  const { path, query } = splitUrl(request.url ?? '');
  const operation = /^\/(topics|retainedMessage)\/(.+)$/.exec(path);
  const topic = operation && decodePath(operation[2] ?? '');
  if (!operation || !topic) return refusal(404, 'ResourceNotFoundException', 'Not Found');
  if (!principal) return FORBIDDEN;

  if (operation[1] === 'topics' && request.method === 'POST') return publish(request, { topic, query, principal }, deps);
  if (operation[1] === 'retainedMessage' && request.method === 'GET') return getRetained(topic, principal, deps);
  return refusal(405, 'MethodNotAllowedException', 'Method Not Allowed');
}

interface PublishInput {
  readonly topic: string;
  readonly query: URLSearchParams;
  readonly principal: Principal;
}

async function publish(request: DataRequest, { topic, query, principal }: PublishInput, deps: DataServiceDeps): Promise<Answer> {
  const { broker, limits, registry } = deps;
  const payload = await request.body();
  if (!payload) return refusal(413, 'RequestEntityTooLargeException', 'Payload exceeds 128 KB');

  const qos = query.get('qos') ?? '0';
  const retain = query.get('retain') === 'true';
  if ((qos !== '0' && qos !== '1') || !isTopicName(topic, limits) || (retain && isReserved(topic))) return INVALID;
  const actions = retain ? ['iot:Publish', 'iot:RetainPublish'] : ['iot:Publish'];
  const isAllowed = actions.every((action) => authorize(registry, principal, { action, resource: `topic/${topic}` }).allow);
  if (!isAllowed || !isPublishable(topic)) return FORBIDDEN;

  await broker.publish({ topic, payload, qos: qos === '1' ? 1 : 0, retain });
  return { status: 200, body: { message: 'OK' } };
}

function getRetained(topic: string, principal: Principal, { broker, registry }: DataServiceDeps): Answer {
  if (!authorize(registry, principal, { action: 'iot:GetRetainedMessage', resource: `topic/${topic}` }).allow) return FORBIDDEN;
  const message = broker.retained(topic);
  if (!message) return refusal(404, 'ResourceNotFoundException', 'Not Found');
  const { qos, storedAtMs: lastModifiedTime } = message;
  return { status: 200, body: { topic, payload: message.payload.toString('base64'), qos, lastModifiedTime } };
}

function splitUrl(url: string): { path: string; query: URLSearchParams } {
  const mark = url.indexOf('?');
  if (mark < 0) return { path: url, query: new URLSearchParams() };
  return { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}

function decodePath(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

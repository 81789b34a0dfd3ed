// The API on a port of loopback: reads a request whole, checks who signed it, does what it asks, answers in XML.

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BODY_BYTES_MAX } from '../limits.ts';
import { ApiError } from './api-error.ts';
import type { Faults, RateLimit } from './faults.ts';
import { type Answer, OPERATIONS, type World } from './operations.ts';
import { type AccessKeys, type SignedRequest, verifySignature } from './signature.ts';
import { type Content, parseXml, renderDocument, type Xml } from './xml.ts';

export interface ApiDeps {
  readonly world: World;
  readonly keys: AccessKeys;
  readonly faults: Faults;
  readonly rate: RateLimit;
  /** The real time: a signature is of now, however fast the world runs. */
  readonly now: () => number;
  readonly log: (line: string) => void;
  /** Called once for each request that named an operation. */
  readonly onCall: (action: string) => void;
}

export interface Api {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startApi(deps: ApiDeps, host: string, port: number): Promise<Api> {
  const server = createServer((request, response) => void serve(deps, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, stop: () => stop(server) };
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function serve(deps: ApiDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.on('error', () => {});
  const id = randomUUID();
  try {
    const signed = await read(request);
    const operation = OPERATIONS.find(({ method, path }) => method === signed.method && path.test(signed.rawPath));
    const action = operation?.action ?? 'UnknownOperation';
    deps.onCall(action);
    const fault = deps.faults.take(action);
    if (fault?.kind === 'silence') return;
    if (fault?.kind === 'lose-request') return void request.socket.destroy();
    const answer =
      fault?.kind === 'refuse'
        ? refusal(new ApiError(fault.code ?? 'ServiceUnavailable', 'on demand'), id)
        : answerTo(deps, signed, action, id);
    deps.log(`route53: ${action} ${signed.rawPath}: ${answer.status}`);
    if (fault?.kind === 'lose-answer') return void request.socket.destroy();
    send(response, answer, id);
  } catch (error) {
    deps.log(`route53: ${String(error)}`);
    request.socket.destroy();
  }
}

function answerTo(deps: ApiDeps, signed: SignedRequest, action: string, id: string): Answer {
  try {
    const operation = OPERATIONS.find((candidate) => candidate.action === action);
    const key = verifySignature(signed, deps.keys, deps.now());
    if (operation === undefined) throw new ApiError('UnknownOperation', `This stand-in knows no ${signed.method} ${signed.rawPath}`);
    if (key.allow !== undefined && !key.allow.includes(`route53:${action}`))
      throw new ApiError('AccessDenied', `User is not authorized to perform: route53:${action}`);
    if (deps.rate.isOver(deps.now())) throw new ApiError('Throttling', 'Rate exceeded');
    const [, ...ids] = operation.path.exec(signed.rawPath) ?? [];
    return operation.run(deps.world, { ids, query: new URLSearchParams(signed.rawQuery), body: readBody(signed.body) });
  } catch (error) {
    if (error instanceof ApiError) return refusal(error, id);
    throw error;
  }
}

function readBody(text: string): Xml | undefined {
  if (text === '') return undefined;
  const xml = parseXml(text);
  if (xml === null) throw new ApiError('InvalidInput', 'Could not parse XML');
  return xml;
}

async function read(request: IncomingMessage): Promise<SignedRequest> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX) throw new Error(`a body of more than ${BODY_BYTES_MAX} bytes`);
    parts.push(part);
  }
  const url = request.url ?? '';
  const mark = url.indexOf('?');
  return {
    method: request.method ?? '',
    rawPath: mark < 0 ? url : url.slice(0, mark),
    rawQuery: mark < 0 ? '' : url.slice(mark + 1),
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(',')])),
    body: Buffer.concat(parts).toString('utf8'),
  };
}

function refusal({ code, status, message }: ApiError, id: string): Answer {
  const content: Content = { Error: { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message }, RequestId: id };
  return { status, name: 'ErrorResponse', content };
}

function send(response: ServerResponse, { status, name, content, location }: Answer, id: string): void {
  const head = { 'content-type': 'text/xml', 'x-amzn-requestid': id, ...(location === undefined ? {} : { location }) };
  response.writeHead(status, head).end(renderDocument(name, content));
}

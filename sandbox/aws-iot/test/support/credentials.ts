/** Asks the stand-in's credential provider as a device would. */

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { World } from './harness.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: string;
}

export interface CredentialAsk {
  readonly device?: 'device' | 'secondDevice' | 'inactiveDevice';
  readonly thing?: string | undefined;
  readonly path?: string;
  /** Other certificate and key than the device's. */
  readonly tls?: { readonly cert?: string; readonly key?: string };
}

export interface CredentialAnswer {
  readonly status: number;
  readonly errorType: string | undefined;
  readonly body: { readonly message?: string; readonly credentials?: Credentials };
}

export async function askCredentials(world: World, ask: CredentialAsk = {}): Promise<CredentialAnswer> {
  const { aws } = world;
  const { device = 'device' } = ask;
  const thing = 'thing' in ask ? ask.thing : aws.thing;
  const own = { cert: await world.read(`${device}Certificate`), key: await world.read(`${device}Key`) };
  const options = {
    ...{ host: '127.0.0.1', port: aws.credentials.port, servername: aws.credentials.host, ca: await world.read('ca') },
    ...(ask.tls ?? own),
    path: ask.path ?? `/role-aliases/${aws.roleAlias}/credentials`,
    headers: { host: aws.credentials.host, ...(thing === undefined ? {} : { 'x-amzn-iot-thingname': thing }) },
    agent: false as const,
  };
  const sent = request(options);
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const errorType = response.headers['x-amzn-errortype'];
  const body = JSON.parse(Buffer.concat(chunks).toString()) as CredentialAnswer['body'];
  return { status: response.statusCode ?? 0, errorType: Array.isArray(errorType) ? errorType[0] : errorType, body };
}

export async function fetchCredentials(world: World, ask: CredentialAsk = {}): Promise<Credentials> {
  const { status, body } = await askCredentials(world, ask);
  if (!body.credentials) throw new Error(`the credential provider answered ${status}: ${body.message}`);
  return body.credentials;
}

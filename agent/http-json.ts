// One GET over an open connection, and its small answer. The connection is the caller's tunnel; nothing is pooled or kept.

import { request, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A set of temporary credentials is about 2 KiB. */
const BODY_BYTES_MAX = 64 * 1024;
export const ANSWER_TOO_LONG = 'ANSWER_TOO_LONG';

export function get(socket: Duplex, options: { host: string; path: string; headers: Record<string, string> }): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      method: 'GET',
      path: options.path,
      headers: { Host: options.host, Connection: 'close', ...options.headers },
      createConnection: () => socket,
    });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      readText(response).then((body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }), reject);
    });
    outgoing.end();
  });
}

export async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > BODY_BYTES_MAX)
      throw Object.assign(new Error(`the answer is longer than ${BODY_BYTES_MAX} bytes`), { code: ANSWER_TOO_LONG });
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

// The gateway, as a program that knows no proxy uses it: a WebSocket for MQTT to a name of ours. Nothing is signed, so AWS's own 403 is the
// farthest that one gets, and far enough.

import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { judgeUpgrade, refusalWords } from './answer.ts';
import { codeOf, StepFailure } from './step-failure.ts';

/** Nothing is said on it. */
const MESSAGE_BYTES_MAX = 4_096;

export function upgrade(socket: TLSSocket, name: string, headers: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve, reject) => {
    const webSocket = new WebSocket(`wss://${name}/mqtt`, ['mqtt'], {
      // `ws` types this as net's function; it calls it once, and a connection is what it gets.
      createConnection: (() => socket) as never,
      headers: { ...headers },
      perMessageDeflate: false,
      maxPayload: MESSAGE_BYTES_MAX,
      followRedirects: false,
    });
    webSocket.on('error', (error) => reject(new StepFailure('upstream', codeOf(error))));
    webSocket.once('open', () => {
      resolve();
      webSocket.terminate();
    });
    webSocket.once('unexpected-response', (_request, response) => {
      const failure = judge(response);
      if (failure === null) resolve();
      else reject(failure);
      response.destroy();
    });
  });
}

/** Null where it got through. */
function judge({ statusCode = 0, headers }: IncomingMessage): StepFailure | null {
  const fields = new Map(Object.entries(headers).map(([field, value]) => [field, String(value)]));
  const outcome = judgeUpgrade({ status: statusCode, fields });
  return outcome === 'through' ? null : new StepFailure(outcome, refusalWords(statusCode, fields.get('pinhole-reason') ?? ''));
}

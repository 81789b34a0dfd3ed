// The words of the table's `expected` column against what a client saw.

import type { Answer } from './door-client.ts';
import type { Expected } from './rows.ts';

const DENIED: Partial<Record<Expected, readonly number[]>> = {
  'deny-400': [400, 414, 417, 426, 431, 501, 505],
  'deny-403': [403, 404, 405, 421],
  'deny-407': [407],
};

/** Null where it is as it should be. `allow` is only about the answer: what the tunnel carries is judged elsewhere. */
export function judgeAnswer(expected: Expected, answer: Answer): string | null {
  const seen = describe(answer);
  if (expected === 'allow') return answer.kind === 'open' ? null : `not served: ${seen}`;
  if (expected === 'bounded') return answer.kind === 'open' || answer.end !== null ? null : `neither answered nor closed: ${seen}`;
  if (answer.kind === 'open') return `served: ${seen}`;
  if (answer.end === null) return `not closed: ${seen}`;
  if (answer.kind === 'garbage') return `neither HTTP nor an alert: ${seen}`;

  const denied = DENIED[expected];
  if (denied) {
    if (answer.status === null || !denied.includes(answer.status)) return `not ${expected}: ${seen}`;
    return expected === 'deny-407' && !/\r\nproxy-authenticate: /i.test(answer.bytes.toString('latin1')) ? 'no Proxy-Authenticate' : null;
  }
  // `close` and `survive`: an HTTP refusal first is fine.
  return answer.status === null || answer.status >= 400 ? null : `not a refusal: ${seen}`;
}

export function describe(answer: Answer): string {
  const text = answer.bytes.toString('latin1', 0, 120);
  return `${answer.kind}, ${answer.end ?? 'left open'} after ${answer.milliseconds} ms, ${JSON.stringify(text)}`;
}

/** A refusal over HTTP says its code three times and nothing about this node, the list or a resolver. Null where it does. */
export function judgeRefusal(answer: Answer, record: Readonly<Record<string, unknown>>): string | null {
  if (answer.status === null) return null;
  const text = answer.bytes.toString('latin1');
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  const { reason, id, status } = record;
  if (status !== answer.status) return `status ${answer.status} is ${String(status)} in the record`;
  if (!head.startsWith(`HTTP/1.1 ${answer.status} ${String(reason)}\r\n`)) return 'the reason phrase is not the recorded reason';
  for (const field of [`Pinhole-Reason: ${String(reason)}`, `Pinhole-Request: ${String(id)}`, `Content-Length: ${body.length}`]) {
    if (!head.includes(`\r\n${field}`)) return `no field ${field}`;
  }
  if (!/\r\nConnection: close/i.test(head)) return 'no Connection: close';
  if (body === '') return answer.status === 407 || answer.status === 401 ? null : 'no body';
  const said = JSON.parse(body) as Record<string, unknown>;
  if (Object.keys(said).join() !== 'code,message,request') return `other keys in the body: ${Object.keys(said).join()}`;
  return said['code'] === reason && said['request'] === id ? null : 'the body names another code or request';
}

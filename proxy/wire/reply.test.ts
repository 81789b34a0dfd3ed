import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FaultCode, REASONS } from '../core/fault.ts';
import { ESTABLISHED, type RefusalArgs, renderAddresses, renderRefusal, renderText } from './reply.ts';

const ID = 'abcdefghijklmnopqrst';

function refusal(args: Omit<RefusalArgs, 'id'>): { status: number; text: string } {
  const { status, bytes } = renderRefusal({ ...args, id: ID });
  return { status, text: bytes.toString('latin1') };
}

test('the answer to a good CONNECT is exactly this', () => {
  assert.equal(ESTABLISHED.toString('latin1'), 'HTTP/1.1 200 Connection established\r\n\r\n');
});

test('a refusal, byte for byte', () => {
  const body = `{"code":"TARGET_NOT_ALLOWED","message":"this target is not on the list","request":"${ID}"}\n`;
  assert.deepEqual(refusal({ code: 'TARGET_NOT_ALLOWED' }), {
    status: 403,
    text:
      'HTTP/1.1 403 TARGET_NOT_ALLOWED\r\nPinhole-Reason: TARGET_NOT_ALLOWED\r\n' +
      `Pinhole-Request: ${ID}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  });
});

test('a 407 challenges, without a body', () => {
  assert.deepEqual(refusal({ code: 'AUTH_REQUIRED' }), {
    status: 407,
    text:
      `HTTP/1.1 407 AUTH_REQUIRED\r\nPinhole-Reason: AUTH_REQUIRED\r\nPinhole-Request: ${ID}\r\n` +
      'Proxy-Authenticate: Basic realm="pinhole"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  });
});

test('on the gateway the challenge is a 401', () => {
  const { status, text } = refusal({ code: 'AUTH_INVALID', gateway: true });
  assert.equal(status, 401);
  assert.match(text, /^HTTP\/1\.1 401 AUTH_INVALID\r\n/);
  assert.match(text, /\r\nWWW-Authenticate: Basic realm="pinhole"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n$/);
  assert.doesNotMatch(text, /Proxy-Authenticate/);
});

for (const [name, args, fields] of [
  ['a 405 says what is allowed', { code: 'METHOD_NOT_ALLOWED' }, /^HTTP\/1\.1 405 .*\r\nAllow: CONNECT\r\n/s],
  ['a 405 of the gateway says GET', { code: 'METHOD_NOT_ALLOWED', gateway: true }, /\r\nAllow: GET\r\n/],
  [
    'a 426 says which upgrade',
    { code: 'UPGRADE_INVALID', status: 426 },
    /^HTTP\/1\.1 426 UPGRADE_INVALID\r\n.*\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n.*\r\nConnection: close, Upgrade\r\n/s,
  ],
  ['a 503 says when to come back', { code: 'DRAINING', retryAfterS: 3 }, /^HTTP\/1\.1 503 DRAINING\r\n.*\r\nRetry-After: 3\r\n/s],
  ['a 429 says when to come back', { code: 'SOURCE_LIMITED', retryAfterS: 30 }, /^HTTP\/1\.1 429 .*\r\nRetry-After: 30\r\n/s],
] as const) {
  test(name, () => {
    assert.match(refusal(args).text, fields);
  });
}

for (const code of (Object.keys(REASONS) as (keyof typeof REASONS)[]).filter((key): key is FaultCode => key !== 'OK')) {
  const { answer } = REASONS[code];
  if (typeof answer !== 'number') {
    test(`${code} has no HTTP form of its own`, () => {
      assert.throws(() => refusal({ code }), /never over HTTP/);
      assert.equal(refusal({ code, status: 403 }).status, 403);
    });
    continue;
  }
  test(`${code} is rendered whole: its length is that of its body, and nothing lacks its CRLF`, () => {
    const { status, text } = refusal({ code, retryAfterS: 5 });
    assert.equal(status, answer);
    const [head = '', body = ''] = text.split('\r\n\r\n');
    assert.equal(head.split('\r\n')[0], `HTTP/1.1 ${answer} ${code}`);
    assert.match(head, new RegExp(`\r\nContent-Length: ${body.length}\r\n`));
    assert.doesNotMatch(head.replaceAll('\r\n', ''), /[\r\n]/);
    if (status === 407) assert.equal(body, '');
    else assert.deepEqual(JSON.parse(body), { code, message: REASONS[code].message, request: ID });
  });
}

test('a text answer, byte for byte', () => {
  assert.equal(
    renderText(503, 'Service Unavailable', 'closed\n').toString('latin1'),
    'HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n' +
      'Content-Length: 7\r\nConnection: close\r\n\r\nclosed\n',
  );
});

test('the answer to HEAD has the length of the body it leaves out', () => {
  const whole = renderText(200, 'OK', 'ready\n').toString('latin1');
  assert.equal(renderText(200, 'OK', 'ready\n', true).toString('latin1'), whole.slice(0, -'ready\n'.length));
});

test('the length of a text is in octets', () => {
  assert.match(renderText(200, 'OK', 'é').toString('latin1'), /Content-Length: 2\r\n/);
});

test('the address list, byte for byte: whole, to HEAD, and to whoever has it', () => {
  const list = { text: '{"é":1}\n', etag: '"abc"' };
  const say = (isHead: boolean, isKnown: boolean): string => renderAddresses(list, { isHead, isKnown }).toString('utf8');
  const head =
    'HTTP/1.1 200 OK\r\nETag: "abc"\r\nCache-Control: public, max-age=300\r\n' +
    'Content-Type: application/json\r\nContent-Length: 9\r\nConnection: close\r\n\r\n';
  const known = 'HTTP/1.1 304 Not Modified\r\nETag: "abc"\r\nCache-Control: public, max-age=300\r\nConnection: close\r\n\r\n';
  assert.equal(say(false, false), head + list.text);
  assert.equal(say(true, false), head);
  assert.equal(say(false, true), known);
  assert.equal(say(true, true), known);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAdminChangeHandler, createAdminHandler, isOwnHost } from './admin-server.ts';
import type { Answer, Change, Question } from './bounded-server.ts';
import { json } from './bounded-server.ts';

for (const [header, own, expected] of [
  ['127.0.0.1:9901', '127.0.0.1', true],
  ['localhost:9901', '127.0.0.1', true],
  ['LOCALHOST', '127.0.0.1', true],
  ['[::1]:9901', '127.0.0.1', true],
  ['127.0.0.2', '127.0.0.1', true],
  ['10.0.0.5:9901', '10.0.0.5', true],
  ['[2001:db8::5]:9901', '2001:db8::5', true],
  ['10.0.0.6:9901', '10.0.0.5', false],
  ['eu-1a.internal:9901', '0.0.0.0 eu-1a.internal', true],
  ['EU-1A.internal', '0.0.0.0 eu-1a.internal', true],
  ['eu-1b.internal', '0.0.0.0 eu-1a.internal', false],
  ['[2001:db8::5]', ':: 2001:db8::5', true],
  ['evil.example', '127.0.0.1', false],
  ['127.0.0.1.evil.example', '127.0.0.1', false],
  ['localhost.evil.example', '127.0.0.1', false],
  ['evil.example:127', '127.0.0.1', false],
  ['127.0.0.1@evil.example', '127.0.0.1', false],
  ['', '127.0.0.1', false],
] as const) {
  test(`Host ${JSON.stringify(header)} on ${own} is ${expected ? 'ours' : 'not ours'}`, () =>
    assert.equal(isOwnHost(header, own.split(' ')), expected));
}

const LOOPBACK_HOST = '127.0.0.1:9901';

function question(changes: Partial<Question>): Question {
  return { path: '/status', query: new URLSearchParams(), host: LOOPBACK_HOST, authorization: '', accept: '', origin: '', ...changes };
}

function settings(host: string, token: string | null) {
  return () => ({ host, port: 9901, token, names: ['eu-1a.internal'], peers: [] });
}

async function read(host: string, token: string | null, changes: Partial<Question>): Promise<Answer> {
  return createAdminHandler(settings(host, token), () => json(200, {}))(question(changes));
}

const basic = (words: string): string => `Basic ${Buffer.from(words).toString('base64')}`;

for (const [what, host, token, changes, expected] of [
  ['a read on loopback needs no token', '127.0.0.1', 'secret', {}, 200],
  ['another Host is refused', '127.0.0.1', null, { host: 'evil.example' }, 403],
  ['another Host is refused with the token too', '10.0.0.5', 'secret', { host: 'evil.example', authorization: 'Bearer secret' }, 403],
  ['off loopback without a token', '10.0.0.5', 'secret', { host: '10.0.0.5' }, 401],
  ['off loopback with another token', '10.0.0.5', 'secret', { host: '10.0.0.5', authorization: 'Bearer secreT' }, 401],
  ['off loopback with a prefix of the token', '10.0.0.5', 'secret', { host: '10.0.0.5', authorization: 'Bearer secre' }, 401],
  ['off loopback with another scheme', '10.0.0.5', 'secret', { host: '10.0.0.5', authorization: 'Digest secret' }, 401],
  ['off loopback with the token', '10.0.0.5', 'secret', { host: '10.0.0.5', authorization: 'Bearer secret' }, 200],
  ['off loopback with the token as a password', '10.0.0.5', 'secret', { host: '10.0.0.5', authorization: basic('ann:secret') }, 200],
  ['off loopback with another password', '10.0.0.5', 'secret', { host: '10.0.0.5', authorization: basic('ann:secreT') }, 401],
  ['off loopback with the token as the user', '10.0.0.5', 'secret', { host: '10.0.0.5', authorization: basic('secret:') }, 401],
  ['off loopback with no colon', '10.0.0.5', 'secret', { host: '10.0.0.5', authorization: basic('secret') }, 401],
  ['a token with a colon, as a password', '10.0.0.5', 'a:b', { host: '10.0.0.5', authorization: basic('ann:a:b') }, 200],
  ['off loopback where no token is set, any token', '10.0.0.5', null, { host: '10.0.0.5', authorization: 'Bearer null' }, 401],
  ['under one of its names, with the token', '10.0.0.5', 'secret', { host: 'eu-1a.internal', authorization: 'Bearer secret' }, 200],
  ['on every address, with a loopback Host, a token is needed all the same', '0.0.0.0', 'secret', { host: '127.0.0.1' }, 401],
] as const) {
  test(`admin: ${what}: ${expected}`, async () => assert.equal((await read(host, token, changes)).status, expected));
}

test('a browser is asked to log in off loopback, for what it reads', async () => {
  const { headers } = await read('10.0.0.5', 'secret', { host: '10.0.0.5' });
  assert.match(headers?.['WWW-Authenticate'] ?? '', /^Basic /);
});

const TOKEN = { authorization: 'Bearer secret' };

function change(changes: Partial<Change>): Change {
  return { ...question({ path: '/drain' }), from: '10.0.0.9 5000', actor: '', body: { ok: true, value: {} }, ...changes };
}

for (const [what, host, token, changes, expected] of [
  ['without a token, on loopback', '127.0.0.1', 'secret', {}, 401],
  ['where no token is set, on loopback', '127.0.0.1', null, { authorization: 'Bearer null' }, 401],
  ['with another token', '127.0.0.1', 'secret', { authorization: 'Bearer secreT' }, 401],
  ['with the token, under another Host', '127.0.0.1', 'secret', { ...TOKEN, host: 'evil.example' }, 403],
  ['with the token, on loopback', '127.0.0.1', 'secret', TOKEN, 200],
  ['with the token as a password', '127.0.0.1', 'secret', { authorization: basic('ann:secret') }, 200],
  ['with the token, off loopback, by a name', '10.0.0.5', 'secret', { ...TOKEN, host: 'eu-1a.internal:9901' }, 200],
  ['with the token, by our own page', '127.0.0.1', 'secret', { ...TOKEN, origin: 'http://127.0.0.1:9901' }, 200],
  ['with the token, by a page of another port', '127.0.0.1', 'secret', { ...TOKEN, origin: 'http://127.0.0.1:8080' }, 403],
  ['with the token, by a page of another site', '10.0.0.5', 'secret', { ...TOKEN, host: '10.0.0.5', origin: 'https://evil.example' }, 403],
  ['with the token, by a page that does not say whose it is', '127.0.0.1', 'secret', { ...TOKEN, origin: 'null' }, 403],
] as const) {
  test(`admin: a change ${what}: ${expected}`, async () => {
    let changed = 0;
    const handler = createAdminChangeHandler(settings(host, token), () => {
      changed += 1;
      return json(200, {});
    });
    assert.equal((await handler(change(changes))).status, expected);
    assert.equal(changed, expected === 200 ? 1 : 0);
  });
}

test('a change without the token makes no browser ask for one', async () => {
  const { headers } = await createAdminChangeHandler(settings('10.0.0.5', 'secret'), () => json(200, {}))(change({ host: '10.0.0.5' }));
  assert.equal(headers, undefined);
});

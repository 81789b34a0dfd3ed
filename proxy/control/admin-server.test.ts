import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAdminHandler, createAdminReads, isOwnHost } from './admin-server.ts';
import type { Question } from './bounded-server.ts';

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

const STATUS = { tunnels: 3 };
const status = (): Promise<object> => Promise.resolve(STATUS);

function question(changes: Partial<Question>): Question {
  return { path: '/', query: new URLSearchParams(), host: '127.0.0.1:9901', authorization: '', ...changes };
}

async function statusOf(host: string, token: string | null, changes: Partial<Question>): Promise<number> {
  const handler = createAdminHandler({ admin: { host, port: 9901, token, names: ['eu-1a.internal'] }, status });
  return (await handler(question(changes))).status;
}

for (const [what, host, token, changes, expected] of [
  ['a read on loopback needs no token', '127.0.0.1', 'secret', {}, 200],
  ['/status is the same', '127.0.0.1', null, { path: '/status' }, 200],
  ['another path', '127.0.0.1', null, { path: '/nope' }, 404],
  ['another Host is refused before anything else', '127.0.0.1', null, { host: 'evil.example', path: '/nope' }, 403],
  ['off loopback without a token', '10.0.0.5', 'secret', { host: '10.0.0.5' }, 401],
  ['off loopback with another token', '10.0.0.5', 'secret', { host: '10.0.0.5', authorization: 'Bearer secreT' }, 401],
  ['off loopback with a prefix of the token', '10.0.0.5', 'secret', { host: '10.0.0.5', authorization: 'Bearer secre' }, 401],
  ['off loopback with another scheme', '10.0.0.5', 'secret', { host: '10.0.0.5', authorization: 'Basic secret' }, 401],
  ['off loopback with the token', '10.0.0.5', 'secret', { host: '10.0.0.5', authorization: 'Bearer secret' }, 200],
  ['off loopback where no token is set, any token', '10.0.0.5', null, { host: '10.0.0.5', authorization: 'Bearer null' }, 401],
  ['under one of its names, with the token', '10.0.0.5', 'secret', { host: 'eu-1a.internal', authorization: 'Bearer secret' }, 200],
  ['on every address, with a loopback Host, a token is needed all the same', '0.0.0.0', 'secret', { host: '127.0.0.1' }, 401],
] as const) {
  test(`admin: ${what}: ${expected}`, async () => assert.equal(await statusOf(host, token, changes), expected));
}

test('admin says 503 where the supervisor does not answer', async () => {
  const reads = createAdminReads({ status: () => Promise.resolve(null) });
  assert.equal((await reads(question({}))).status, 503);
});

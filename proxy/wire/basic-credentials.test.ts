import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCredentials } from './basic-credentials.ts';
import type { RequestHead } from './request-head.ts';

function head(value?: string): RequestHead {
  return { method: 'CONNECT', target: 'x:443', version: '1.1', fields: value === undefined ? [] : [['proxy-authorization', value]] };
}
const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

for (const [what, value, expected] of [
  ['no field', undefined, 'none'],
  ['Basic', `Basic ${base64('acme:token')}`, 'acme token'],
  ['the scheme in small letters (PySocks)', `basic ${base64('acme:token')}`, 'acme token'],
  ['the scheme in any letters', `bAsIc ${base64('acme:token')}`, 'acme token'],
  ['several spaces', `Basic   ${base64('acme:token')}`, 'acme token'],
  ['a colon in the token', `Basic ${base64('acme:to:ken')}`, 'acme to:ken'],
  ['an empty token', `Basic ${base64('acme:')}`, 'acme '],
  ['no colon', `Basic ${base64('acme')}`, 'invalid'],
  ['no user', `Basic ${base64(':token')}`, 'invalid'],
  ['nothing but a colon', 'Basic Og==', 'invalid'],
  ['Bearer', `Bearer ${base64('acme:token')}`, 'invalid'],
  ['Digest', 'Digest username="acme"', 'invalid'],
  ['no base64', 'Basic !!!!', 'invalid'],
  ['base64 for URLs', 'Basic YWNtZTp-', 'invalid'],
  ['base64 without its end', 'Basic YWNtZTp0b2tlbg', 'invalid'],
  ['base64 with a space in it', 'Basic YWNt ZTp0b2tlbg==', 'invalid'],
  ['base64 with bits left over', 'Basic YWNtZTp0b2tlbh==', 'invalid'],
  ['nothing behind the scheme', 'Basic ', 'invalid'],
  ['an empty field', '', 'invalid'],
  ['more than any client sends', `Basic ${base64(`acme:${'x'.repeat(2_000)}`)}`, 'invalid'],
] as const) {
  test(`${what}: ${expected}`, () => {
    const read = readCredentials(head(value));
    assert.equal(read.kind === 'basic' ? `${read.user} ${read.token.toString('latin1')}` : read.kind, expected);
  });
}

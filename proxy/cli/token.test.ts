import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { MACHINE, MINIMAL, problemsOf, readFrom } from '../config/test-support.ts';
import { runToken } from './token.ts';

function run(...args: string[]): { code: number; out: string; err: string } {
  let out = '';
  let err = '';
  const io = { stdout: (text: string) => void (out += text), stderr: (text: string) => void (err += text) };
  const code = runToken(args, { ...io, env: {}, readFile: readFrom({}), machine: MACHINE });
  return { code, out, err };
}

test('a token that every client takes, with its hash', () => {
  const { code, out } = run('acme', '--json');
  const { tenant, token, hash } = JSON.parse(out) as Record<string, string>;
  assert.equal(code, 0);
  assert.equal(tenant, 'acme');
  assert.match(token ?? '', /^[a-z2-9]{32}$/);
  assert.equal(
    hash,
    `sha256:${createHash('sha256')
      .update(token ?? '')
      .digest('hex')}`,
  );
});

test('no two are the same, and every letter comes', () => {
  const tokens = Array.from({ length: 200 }, () => (JSON.parse(run('acme', '--json').out) as { token: string }).token);
  assert.equal(new Set(tokens).size, 200);
  assert.equal(new Set(tokens.join('')).size, 32);
});

test('the line that it prints is one for the file', () => {
  const { out } = run('acme');
  const [, id = '', tokens = ''] = /^file {4}- id: (\S+)\n\s+tokens: (.*)$/m.exec(out) ?? [];
  assert.deepEqual(problemsOf(`${MINIMAL}tenants:\n  - id: ${id}\n    tokens: ${tokens}\n`), []);
  const token = /^token {3}(\S+)$/m.exec(out)?.[1] ?? '';
  assert.ok(out.endsWith(`agent   https://acme:${token}@PROXY\n`));
});

for (const [args, err] of [
  [[], 'give one TENANT'],
  [['a', 'b'], 'give one TENANT'],
  [['a b'], 'TENANT: expected up to 63 letters, digits, dots, hyphens and underscores'],
  [['acme', '--bits'], "Unknown option '--bits'"],
] as const) {
  test(`pinhole token ${args.join(' ')}: ${err}`, () =>
    assert.deepEqual(run(...args), { code: 64, out: '', err: `pinhole token: ${err}\n` }));
}

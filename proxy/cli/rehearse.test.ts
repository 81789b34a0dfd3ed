import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { DATA, MACHINE } from '../config/test-support.ts';
import { systemClock } from '../core/clock.ts';
import { openLog } from './open-log.ts';
import { GROUPS_MAX, type Outcome } from './rehearsal/outcome.ts';
import { runRehearse } from './rehearse.ts';

const POLICY = `listen: [{ address: 0.0.0.0:443 }]\nendpoints: [{ name: production, data: ${DATA} }]\n`;
const OLD = DATA.replace('a1', 'z9');

function line(change: object): string {
  const record = {
    ...{ event: 'decision', door: 'connect', client_ip: '198.51.100.7', tenant: null, target_host: DATA, target_port: 443 },
    ...{ sni: DATA, alpn: null, would_deny: [], reason: 'OK', upstream_ip: '3.3.3.3', ...change },
  };
  return `${JSON.stringify(record)}\n`;
}

const LOG = [
  line({}).repeat(3),
  line({ target_host: OLD, sni: OLD }).repeat(2),
  '{"event":"close","reason":"OK"}\n',
  line({ reason: 'TARGET_NOT_ALLOWED', sni: null, upstream_ip: null }),
  line({ reason: 'HEAD_TIMEOUT', target_host: null }),
  'not a record\n',
].join('');

const folder = mkdtempSync(join(tmpdir(), 'rehearse-'));
after(() => rmSync(folder, { recursive: true }));
const put = (name: string, bytes: string | Buffer): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

async function run(args: readonly string[], input = '', policy = POLICY) {
  const said = { out: '', err: '' };
  const code = await runRehearse(args, {
    stdout: (text) => (said.out += text),
    stderr: (text) => (said.err += text),
    env: {},
    readFile: () => policy,
    machine: MACHINE,
    clock: systemClock,
    isWatched: false,
    openLog: (path) => openLog(path, Readable.from(input === '' ? [] : [Buffer.from(input)])),
  });
  return { code, ...said };
}

describe('rehearse', () => {
  test('prints every difference with both reasons, and what cannot be judged', async () => {
    const { code, out } = await run(['-c', 'new.yaml', put('one.log', LOG)]);
    assert.equal(code, 1);
    const [head, ...parts] = out.split('\n\n');
    assert.match(
      head ?? '',
      /^7 decisions in 9 lines of 1 log, before policy version [0-9a-f]{12}: 3 alike, 3 otherwise, 1 not to be judged$/,
    );
    assert.deepEqual(parts, [
      `Allowed before, refused now: 2\n  decisions  target                                              tenant  before  now\n  2          ${OLD}:443  -       OK      TARGET_NOT_ALLOWED`,
      `Refused before, allowed now: 1\n  decisions  target                                              tenant  before              now\n  1          ${DATA}:443  -       TARGET_NOT_ALLOWED  OK`,
      'Not to be judged by what a record says\n  1  form  refused for its form, or in TLS, before it was known who asks for what',
      '1 lines cannot be read as records.\n',
    ]);
  });

  test('says the same of a log that is gzipped, of standard input, and of one in two halves', async () => {
    const plain = JSON.parse((await run(['-c', 'n', '--json', put('plain.log', LOG)])).out) as Outcome;
    const middle = LOG.indexOf('\n', LOG.length / 2) + 1;
    for (const [args, input] of [
      [[put('zipped', gzipSync(LOG))], ''],
      [['-'], LOG],
      [[put('first.log', LOG.slice(0, middle)), put('second.gz', gzipSync(LOG.slice(middle)))], ''],
    ] as const) {
      const { code, out } = await run(['-c', 'n', '--json', ...args], input);
      assert.deepEqual([code, JSON.parse(out)], [1, plain]);
    }
  });

  test('is 0 where all is alike', async () => {
    const { code, out } = await run(['-c', 'n', '-'], line({}));
    assert.equal(code, 0);
    assert.match(out, /: 1 alike, 0 otherwise, 0 not to be judged\n$/);
  });

  test('counts what was read of a log that ends in the middle, and says so', async () => {
    const log = gzipSync(line({}).repeat(10_000));
    const { code, out, err } = await run(['-c', 'n', '--json', put('torn.gz', log.subarray(0, log.length - 30))]);
    assert.equal(code, 1);
    assert.match(err, /torn\.gz: cannot be read to its end \(unexpected end of file\); what came before counts/);
    const { decisions, incomplete } = JSON.parse(out) as Outcome & { incomplete: string[] };
    assert.ok(decisions > 100 && incomplete.length === 1, `${decisions} decisions`);
  });

  test('does not grow with what strangers have asked for', async () => {
    const many = Array.from({ length: GROUPS_MAX + 100 }, (_, id) =>
      line({ reason: 'AUTH_REQUIRED', sni: null, target_host: `x${id}.example` }),
    );
    const { groups, ungrouped, differing } = JSON.parse((await run(['-c', 'n', '--json', '-'], many.join(''))).out) as Outcome;
    assert.deepEqual([groups.length, ungrouped, differing['other-reason']], [GROUPS_MAX, 100, GROUPS_MAX + 100]);
  });

  for (const [what, args, policy, err] of [
    ['no policy', ['x.log'], POLICY, /-c NEW\.yaml is missing/],
    ['no log', ['-c', 'n'], POLICY, /give a LOG, or - for standard input/],
    ['a log that is not there', ['-c', 'n', '/nonexistent.log'], POLICY, /\/nonexistent\.log: cannot be opened \(ENOENT/],
    ['a folder', ['-c', 'n', '/tmp'], POLICY, /\/tmp: cannot be opened \(it is a folder\)/],
    ['a policy with a mistake', ['-c', 'n', '-'], 'listen: 3\n', /^n:1:9: listen: /m],
  ] as const) {
    test(`${what} is 64`, async () => {
      const ran = await run(args, '', policy);
      assert.equal(ran.code, 64);
      assert.match(ran.err, err);
    });
  }
});

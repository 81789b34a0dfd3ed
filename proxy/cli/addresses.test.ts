import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { MACHINE } from '../config/test-support.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { runAddresses } from './addresses.ts';

let folder = '';
const clock = new FakeClock();
const NEEDED = ['--fleet', 'eu', '--host', 'proxy.example.com', '--address', 'a=18.0.0.1', '--address', 'b=18.0.0.2,standby'];

function run(...args: readonly string[]): { code: number; out: string; err: string } {
  let [out, err] = ['', ''];
  const code = runAddresses(args, {
    stdout: (text) => (out += text),
    stderr: (text) => (err += text),
    env: {},
    readFile: (path) => readFileSync(path, 'utf8'),
    machine: MACHINE,
    clock,
  });
  return { code, out, err };
}

const at = (name: string): string => join(folder, name);

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'pinhole-addresses-'));
  assert.equal(run('make', '--new-key', at('key')).code, 0);
  assert.equal(run('make', '--new-key', at('next')).code, 0);
});
after(() => rmSync(folder, { recursive: true }));
beforeEach(() => clock.advance(1_000));

describe('make --new-key', () => {
  test('the private half is for nobody but us, and openssl knows both', () => {
    assert.equal(statSync(at('key')).mode & 0o777, 0o600);
    assert.match(readFileSync(at('key'), 'utf8'), /^-----BEGIN PRIVATE KEY-----\n/);
    assert.match(readFileSync(at('key.pub'), 'utf8'), /^-----BEGIN PUBLIC KEY-----\n/);
  });

  test('a key is never replaced, nor half a pair left behind', () => {
    const kept = readFileSync(at('key'), 'utf8');
    const again = run('make', '--new-key', at('key'));
    assert.equal(again.code, 1);
    assert.match(again.err, /is there already; a key is never replaced/);
    assert.equal(readFileSync(at('key'), 'utf8'), kept);
    writeFileSync(at('half'), 'mine');
    assert.equal(run('make', '--new-key', at('half')).code, 1);
    assert.equal(existsSync(at('half.pub')), false);
    assert.equal(readFileSync(at('half'), 'utf8'), 'mine');
  });

  test('where nothing can be written it is said', () => {
    assert.match(run('make', '--new-key', at('no/such/folder')).err, /cannot be written \(ENOENT\)/);
  });

  test('as JSON', () => {
    const { key, privateFile } = JSON.parse(run('make', '--new-key', at('json'), '--json').out) as Record<string, string>;
    assert.match(key ?? '', /^[0-9a-f]{16}$/);
    assert.equal(privateFile, at('json'));
  });
});

describe('make', () => {
  test('what it writes, verify calls good; standard output is the list itself', () => {
    const { code, out, err } = run('make', ...NEEDED, '--key', at('key'));
    assert.deepEqual([code, err], [0, '']);
    writeFileSync(at('list.json'), out);
    const verified = run('verify', '--list', at('list.json'), '--key', at('key.pub'));
    assert.equal(verified.code, 0, verified.err);
    assert.match(verified.out, /^b {5}18\.0\.0\.2 {2}standby$/m);
    assert.match(verified.out, /^expires {4}.*, in 90d$/m);
  });

  test('entries come from a file too, with remarks', () => {
    writeFileSync(at('entries'), '# the fleet\n\nc=18.0.0.3,announced,2099-01-01  # next year\nd=2a00::4,retiring,2098-12-31\n');
    const list = JSON.parse(run('make', ...NEEDED, '--from', at('entries'), '--key', at('key'), '--port', '8443').out) as {
      proxy: unknown;
      addresses: { slot: string; date?: string }[];
    };
    assert.deepEqual(list.proxy, { host: 'proxy.example.com', port: 8443 });
    assert.deepEqual(
      list.addresses.map(({ slot, date }) => [slot, date]),
      [
        ['a', undefined],
        ['b', undefined],
        ['c', '2099-01-01'],
        ['d', '2098-12-31'],
      ],
    );
  });

  test('every mistake at once, each with its place, and nothing written', () => {
    writeFileSync(at('bad'), 'a=18.0.0.1\nb=18.0.0.300\nc\nd=18.0.0.4,gone\ne=18.0.0.5,retiring\n');
    const args = ['--fleet', 'e u', '--host', 'Proxy', '--port', '0', '--days', '401', '--from', at('bad'), '--key', at('key.pub')];
    const { code, err } = run('make', ...args, '--out', at('never.json'));
    assert.equal(code, 64);
    for (const expected of [
      /--fleet e u: expected up to 63/,
      /--host Proxy: write it in lower case: proxy/,
      /--port 0: expected a whole number from 1 to 65535/,
      /--days 401: expected a whole number from 1 to 400/,
      /bad:2: b=18\.0\.0\.300: address: expected an IP address/,
      /bad:3: c: expected SLOT=ADDRESS/,
      /bad:4: d=18\.0\.0\.4,gone: state: expected active, standby, announced, retiring/,
      /bad:5: e=18\.0\.0\.5,retiring: date: expected YYYY-MM-DD with retiring/,
      /--key .*key\.pub: not an Ed25519 private key in PEM/,
    ])
      assert.match(err, expected);
    assert.equal(err.trim().split('\n').length, 9, err);
    assert.equal(existsSync(at('never.json')), false);
  });

  for (const [name, args, says] of [
    ['no address', ['--fleet', 'eu', '--host', 'p.example.com'], /no address: give --address ENTRY or --from FILE/],
    ['an address twice', [...NEEDED, '--address', 'c=18.0.0.1'], /addresses\[2\]\.address: 18\.0\.0\.1 is there twice/],
    ['a slot twice', [...NEEDED, '--address', 'a=18.0.0.9'], /addresses\[2\]\.slot: a is there twice/],
    [
      'no address in use',
      ['--fleet', 'eu', '--host', 'p.example.com', '--address', 'a=18.0.0.1,announced,2099-01-01'],
      /no address is active or standby/,
    ],
  ] as const) {
    test(`${name} is refused`, () => {
      const { code, out, err } = run('make', ...args, '--key', at('key'));
      assert.deepEqual([code, out], [64, '']);
      assert.match(err, says);
    });
  }

  test('what is legal and perhaps not meant is a warning', () => {
    const { code, err } = run('make', '--fleet', 'eu', '--host', 'p.example.com', '--address', 'a=10.0.0.1', '--key', at('key'));
    assert.equal(code, 0);
    assert.match(err, /warning: 10\.0\.0\.1 is not public \(private\)\n.*warning: one address in use/);
  });

  test('a list is put in the place of an older one as a whole, and never of one that agents would prefer', () => {
    const out = at('published.json');
    assert.equal(run('make', ...NEEDED, '--key', at('key'), '--out', out).code, 0);
    const first = readFileSync(out, 'utf8');
    const sameSecond = run('make', ...NEEDED, '--key', at('key'), '--out', out);
    assert.equal(sameSecond.code, 1);
    assert.match(sameSecond.err, /was issued at .*, not before .*: agents that have it would not take this one/);
    assert.equal(readFileSync(out, 'utf8'), first);
    clock.advance(1_000);
    const made = JSON.parse(run('make', ...NEEDED, '--key', at('key'), '--out', out, '--json').out) as {
      addresses: number;
      keys: string[];
    };
    assert.deepEqual([made.addresses, made.keys.length], [2, 1]);
    assert.notEqual(readFileSync(out, 'utf8'), first);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.partial')),
      [],
    );
  });

  test('a place that cannot be written leaves nothing behind', () => {
    mkdirSync(at('a-folder'));
    const { code, err } = run('make', ...NEEDED, '--key', at('key'), '--out', at('a-folder'));
    assert.equal(code, 1);
    assert.match(err, /a-folder cannot be written \(EISDIR\); what was there is untouched/);
    assert.equal(existsSync(at('a-folder.partial')), false);
  });
});

const SHEETS = ['--sheets', '--endpoint', 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com', '--contact', 'net@example.com'];

describe('--sheets', () => {
  test('writes them beside the list, and verify knows each of them', () => {
    const made = run('make', ...NEEDED, ...SHEETS, '--key', at('key'), '--out', at('sheet.json'), '--json');
    const names = ['sheet.txt', 'sheet.html', 'sheet.pac'];
    assert.deepEqual((JSON.parse(made.out) as { sheets: string[] }).sheets, names);
    for (const name of names) assert.ok(existsSync(at(name)), name);
    const { code, out } = run('verify', '--list', at('sheet.json'), '--key', at('key.pub'));
    assert.equal(code, 0);
    for (const name of names) assert.match(out, new RegExp(`^${name} +good$`, 'm'));
  });

  test('one that was changed fails verify; one that is elsewhere does not', () => {
    run('make', ...NEEDED, ...SHEETS, '--key', at('key'), '--out', at('forged.json'));
    writeFileSync(at('forged.txt'), readFileSync(at('forged.txt'), 'utf8').replace('18.0.0.1', '18.0.0.9'));
    rmSync(at('forged.pac'));
    const { code, out, err } = run('verify', '--list', at('forged.json'), '--key', at('key.pub'), '--json');
    assert.equal(code, 1);
    assert.match(err, /forged\.txt beside it is not the sheet that was made with it/);
    assert.deepEqual(
      (JSON.parse(out) as { sheets: { state: string }[] }).sheets.map(({ state }) => state),
      ['changed', 'good', 'not here'],
    );
  });

  test('a change that comes sooner than promised is a warning, and not for the first list', () => {
    const out = ['--key', at('key'), '--out', at('promised.json'), '--sheets', '--notice', '30'];
    assert.doesNotMatch(run('make', ...NEEDED, ...out).err, /promised/);
    clock.advance(1_000);
    const { code, err } = run('make', ...NEEDED, '--address', 'c=18.0.0.3,announced,1970-01-10', ...out);
    assert.equal(code, 0);
    assert.match(err, /warning: 18\.0\.0\.3 is announced with a date -?\d+ days ahead: 30 are promised/);
  });

  test('where the list cannot be written it is said that the sheets may be newer', () => {
    mkdirSync(at('folder.json'));
    const { code, err } = run('make', ...NEEDED, ...SHEETS, '--key', at('key'), '--out', at('folder.json'));
    assert.equal(code, 1);
    assert.match(err, /its sheets may be newer than it: make them again/);
  });

  for (const [args, says] of [
    [['--sheets'], /--sheets writes beside the list: give --out FILE/],
    [['--contact', 'x'], /--contact is for the sheets: add --sheets/],
    [['--sheets', '--out', 'a b.json'], /--out a b\.json: with --sheets a name of letters/],
    [['--sheets', '--out', 'x.json', '--endpoint', 'HOST'], /--endpoint HOST: write it in lower case/],
    [['--sheets', '--out', 'x.json', '--notice', '366'], /--notice 366: expected a whole number from 1 to 365/],
    [['--sheets', '--out', 'x.json', '--contact', 'a\nb'], /--contact: expected up to 200 printable/],
  ] as const) {
    test(`${args.join(' ')} is refused, and nothing is written`, () => {
      const { code, err } = run('make', ...NEEDED, ...args, '--key', at('key'));
      assert.equal(code, 64);
      assert.match(err, says);
    });
  }
});

describe('what make reads is not what it writes over', () => {
  const rows = [
    [
      'the entries, by the sheet of their name',
      'mine.txt',
      ['--out', 'mine.json', '--sheets'],
      /would write over \S+mine\.txt, which is of --from/,
    ],
    ['the entries, by the list', 'mine.txt', ['--out', 'mine.txt'], /would write over \S+mine\.txt, which is of --from/],
    ['the key', 'mine.txt', ['--out', './key'], /would write over \S+key, which is of --key/],
    ['its public half', 'mine.txt', ['--out', 'key.pub'], /would write over \S+key\.pub, which is of --key/],
  ] as const;
  for (const [what, from, [flag, out, ...more], says] of rows) {
    test(what, () => {
      writeFileSync(at(from), 'a=18.0.0.1\nb=18.0.0.2\n');
      const kept = ['key', 'key.pub', from].map((name) => readFileSync(at(name), 'utf8'));
      const { code, err } = run(
        'make',
        '--fleet',
        'eu',
        '--host',
        'p.example.com',
        '--from',
        at(from),
        '--key',
        at('key'),
        flag,
        `${folder}/${out}`,
        ...more,
      );
      assert.equal(code, 64);
      assert.match(err, says);
      assert.deepEqual(
        ['key', 'key.pub', from].map((name) => readFileSync(at(name), 'utf8')),
        kept,
      );
      assert.equal(existsSync(at('mine.json')), false);
    });
  }
});

describe('verify', () => {
  test('a list signed by both keys is good for agents with either, and it is said which of two did not sign', () => {
    run('make', ...NEEDED, '--key', at('key'), '--key', at('next'), '--out', at('both.json'));
    for (const key of ['key.pub', 'next.pub']) assert.equal(run('verify', '--list', at('both.json'), '--key', at(key)).code, 0);
    run('make', ...NEEDED, '--key', at('key'), '--out', at('one.json'));
    const { code, out } = run('verify', '--list', at('one.json'), '--key', at('key.pub'), '--key', at('next.pub'));
    assert.equal(code, 0);
    assert.match(out, /^not by {5}[0-9a-f]{16}$/m);
  });

  test('another key, another content, too late: 1, and the word for it', () => {
    run('make', ...NEEDED, '--key', at('key'), '--days', '1', '--out', at('judged.json'));
    const text = readFileSync(at('judged.json'), 'utf8');
    writeFileSync(at('changed.json'), text.replace('18.0.0.1', '18.0.0.9'));
    const say = (list: string, key: string) => run('verify', '--list', at(list), '--key', at(key));
    assert.match(say('judged.json', 'next.pub').err, /judged\.json: UNKNOWN_KEY: signed by [0-9a-f]{16}, none of the keys given/);
    assert.match(say('changed.json', 'key.pub').err, /changed\.json: WRONG_SIGNATURE: /);
    assert.equal(say('changed.json', 'key.pub').code, 1);
    clock.advance(86_400_000);
    assert.match(say('judged.json', 'key.pub').err, /judged\.json: EXPIRED: expired at /);
    const { out, code } = run('verify', '--list', at('judged.json'), '--key', at('key.pub'), '--json');
    assert.deepEqual([code, (JSON.parse(out) as { code: string }).code], [1, 'EXPIRED']);
  });

  test('files that are not there, or are something else, are 64', () => {
    const { code, err } = run('verify', '--list', at('nothing.json'), '--key', at('key'));
    assert.equal(code, 64);
    assert.match(err, /--key .*: not Ed25519 public keys in PEM\n.*--list .*nothing\.json: cannot be read \(ENOENT\)/);
  });
});

for (const [args, says] of [
  [[], /expected make or verify/],
  [['list'], /expected make or verify/],
  [['make'], /--key FILE is missing\n.*--fleet NAME is missing\n.*--host NAME is missing\n.*no address/],
  [['verify'], /--list FILE is missing\n.*--key FILE is missing/],
  [['verify', 'x.json'], /x\.json/],
  [['verify', '--fleet', 'x'], /addresses verify: --fleet does not go with it/],
  [['make', '--new-key', 'x', '--days', '9'], /addresses make --new-key: --days does not go with it/],
  [['make', '--list', 'x'], /addresses make: --list does not go with it/],
] as const) {
  test(`addresses ${args.join(' ')} is a wrong command line`, () => {
    const { code, err, out } = run(...args);
    assert.deepEqual([code, out], [64, '']);
    assert.match(err, says);
  });
}

test('help is printed for the command and for both of its words', () => {
  for (const args of [['--help'], ['make', '--help'], ['verify', '-h']]) assert.match(run(...args).out, /^Usage: pinhole addresses make/);
});

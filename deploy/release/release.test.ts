// The parts of `npm run release` that decide; that it makes the same bytes twice, and what is then in it, is seen by deploy/host/test/check-release.sh.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, test } from 'node:test';
import { type Bill, renderBill } from './bill.ts';
import { isOfDoctor, isScaffold, isShipped, releaseManifest } from './contents.ts';
import { packagesIn } from './doctor.ts';
import { oldestGlibc } from './glibc.ts';
import { parseNodeSums } from './node-sums.ts';
import { readOptions } from './options.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

describe('what is in a release', () => {
  for (const [path, shipped] of [
    ['pinhole', true],
    ['LICENSE', true],
    ['proxy/main.ts', true],
    ['proxy/native/front.c', true],
    ['healthcheck/fleet/route53/client.ts', true],
    ['schema/pinhole.schema.json', true],
    ['deploy/host/pinhole.service', true],
    ['deploy/host/test/check.sh', false],
    ['deploy/release/main.ts', false],
    ['proxy/main.test.ts', false],
    ['proxy/test/support/tree.ts', false],
    ['proxy/native/test/run.sh', false],
    ['healthcheck/fleet/test-support.ts', false],
    ['agent/main.ts', false],
    ['sandbox/main.ts', false],
    ['bench/main.ts', false],
    ['scripts/run.mjs', false],
    ['pinhole.log', false],
    ['package-lock.json', false],
  ] as const) {
    test(`${path}: ${shipped ? 'yes' : 'no'}`, () => assert.equal(isShipped(path), shipped));
  }

  test('no shipped file imports one that stays behind', () => {
    const files = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
    const shipped = files.filter((path) => isShipped(path) && path.endsWith('.ts'));
    assert.ok(shipped.length > 200, `${shipped.length} files`);
    for (const file of shipped) {
      const imports = read(file).matchAll(/^(?:import|export) (?!type )[^;]*?from '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm);
      for (const [, named, loaded] of imports) {
        const target = normalize(join(dirname(file), named ?? loaded ?? ''));
        assert.ok(isShipped(target) || target === 'package.json', `${file} imports ${target}`);
      }
    }
  });

  test('the doctor is made of the agent, and of no test of it', () => {
    assert.deepEqual(
      ['agent/doctor/main.ts', 'agent/tls.ts', 'package-lock.json', 'agent/tls.test.ts', 'agent/testing/world.ts', 'proxy/main.ts'].filter(
        isOfDoctor,
      ),
      ['agent/doctor/main.ts', 'agent/tls.ts', 'package-lock.json'],
    );
  });

  test('the packages in its file are those that a bundled file lies in', () => {
    const installed = { 'node_modules/ws': {}, 'node_modules/@a/b': {}, 'node_modules/x/node_modules/ws': {}, 'node_modules/esbuild': {} };
    const inputs = ['agent/doctor/main.ts', 'node_modules/@a/b/index.js', 'node_modules/x/node_modules/ws/lib/a.js'];
    assert.deepEqual(Object.keys(packagesIn(inputs, installed)), ['node_modules/@a/b', 'node_modules/x/node_modules/ws']);
  });

  test('npm gets the manifest of every workspace, which it holds the lock against', () => {
    const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] };
    for (const place of workspaces) assert.ok(isScaffold(`${place}/package.json`), place);
    assert.equal(isScaffold('node_modules/ws/package.json'), false);
  });

  test('its manifest has nothing that would make npm install more', () => {
    const manifest = releaseManifest(JSON.parse(read('package.json')) as Record<string, unknown>);
    assert.deepEqual(Object.keys(manifest), ['name', 'version', 'description', 'license', 'private', 'type', 'engines', 'dependencies']);
  });
});

describe('the bill of materials', () => {
  const integrity = `sha512-${Buffer.alloc(64, 1).toString('base64')}`;
  const bill: Bill = {
    version: '1.2.3',
    commit: 'c0ffee',
    packages: {
      healthcheck: { version: '0.1.0' },
      'node_modules/pinhole-healthcheck': { link: true },
      'node_modules/zod': { version: '4.0.0', integrity, license: 'MIT' },
      'node_modules/http-proxy': { name: 'http-proxy-3', version: '2.0.1', integrity, license: '(MIT OR Apache-2.0)' },
      'node_modules/@aws-sdk/core': { version: '3.0.0', integrity },
      'node_modules/zod/node_modules/@aws-sdk/core': { version: '3.0.1', integrity, license: 'Apache-2.0' },
    },
    node: { version: '26.10.0', sha256: 'ab' },
    engine: { file: 'relay.node', sha256: 'cd' },
  };
  const rendered = JSON.parse(renderBill(bill)) as {
    components: { name: string; purl?: string; version: string; licenses?: unknown[]; hashes: { alg: string; content: string }[] }[];
    dependencies: { dependsOn: string[] }[];
  };

  test('names what was installed by what it is, not by what we call it, and is in one order', () => {
    assert.deepEqual(
      rendered.components.map(({ name, version, purl }) => purl ?? `${name} ${version}`),
      [
        'pkg:npm/%40aws-sdk/core@3.0.0',
        'pkg:npm/%40aws-sdk/core@3.0.1',
        'pkg:npm/http-proxy-3@2.0.1',
        'pkg:npm/zod@4.0.0',
        'pkg:generic/node@26.10.0',
        'relay.node 1.2.3',
      ],
    );
    assert.equal(rendered.dependencies[0]?.dependsOn.length, 6);
  });

  test('has licences and checksums', () => {
    const of = (purl: string) => rendered.components.find((component) => component.purl === purl);
    assert.deepEqual(of('pkg:npm/zod@4.0.0')?.licenses, [{ license: { id: 'MIT' } }]);
    assert.deepEqual(of('pkg:npm/http-proxy-3@2.0.1')?.licenses, [{ expression: '(MIT OR Apache-2.0)' }]);
    assert.deepEqual(of('pkg:npm/%40aws-sdk/core@3.0.0')?.licenses, [{ license: { name: 'NOASSERTION' } }]);
    assert.deepEqual(of('pkg:npm/zod@4.0.0')?.hashes, [{ alg: 'SHA-512', content: '01'.repeat(64) }]);
  });

  test('is the same whatever order npm noted things in', () => {
    const packages = Object.fromEntries(Object.entries(bill.packages).toReversed());
    assert.equal(renderBill({ ...bill, packages }), renderBill(bill));
  });

  for (const entry of [{ version: '1.0.0' }, { integrity }, { version: '1.0.0', integrity: 'sha1-AAAA' }]) {
    test(`is not made with a package that npm notes as ${JSON.stringify(Object.keys(entry))}`, () => {
      assert.throws(
        () => renderBill({ ...bill, packages: { 'node_modules/x': entry } }),
        /node_modules\/x: npm noted no version or no sha512/,
      );
    });
  }
});

describe('the Node that a release is for', () => {
  test('is the one that tests and image run, for both platforms', () => {
    const pins = parseNodeSums(read('deploy/host/node.sums'));
    const { optionalDependencies } = JSON.parse(read('package.json')) as { optionalDependencies: Record<string, string> };
    assert.deepEqual(Object.fromEntries(pins.map(({ target, version }) => [`node-${target}`, version])), optionalDependencies);
    assert.match(read('Dockerfile'), new RegExp(`^ARG BASE=docker\\.io/library/node:${pins[0]?.version}-bookworm-slim$`, 'm'));
  });

  for (const line of [
    'abc  node-v26.10.0-linux-x64.tar.gz',
    `${'a'.repeat(64)} node-v26.10.0-linux-x64.tar.gz`,
    `${'a'.repeat(64)}  other.tar.gz`,
  ]) {
    test(`a line of node.sums that is none is an error: ${line.slice(-40)}`, () => {
      assert.throws(() => parseNodeSums(`# about\n${line}\n`), /node\.sums: not a line of SHASUMS256\.txt/);
    });
  }
});

test('the newest glibc that an object names is the oldest that it runs with', () => {
  assert.equal(oldestGlibc(Buffer.from('\0GLIBC_2.4\0GLIBC_2.34\0GLIBC_2.17\0')), '2.34');
  assert.throws(() => oldestGlibc(Buffer.from('text')), /names no version of glibc/);
});

for (const [args, expected] of [
  [[], { kind: 'pack', commit: null, out: 'dist' }],
  [['--commit', 'v1', '--out', 'x'], { kind: 'pack', commit: 'v1', out: 'x' }],
  [['--source', '.', '--folder', '/f'], { kind: 'folder', source: '.', folder: '/f', commit: 'unknown' }],
  [['-h'], { kind: 'help' }],
] as const) {
  test(`release ${args.join(' ')}`, () => assert.deepEqual(readOptions(args), expected));
}
for (const [args, why] of [
  [['--source', '.'], /go together/],
  [['--folder', '/f'], /go together/],
  [['--source', '.', '--folder', '/f', '--out', 'x'], /packs none/],
  [['--outt', 'x'], /outt/],
  [['x'], /Unexpected argument/],
] as const) {
  test(`release ${args.join(' ')} is refused`, () => assert.throws(() => readOptions(args), why));
}

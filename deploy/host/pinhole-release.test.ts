// Releases on a host, by the script as root would run it, in a folder of its own: what is not whole is not taken, and what was broken off is no
// trap for whoever comes next. That tunnels live through an upgrade is seen by deploy/host/test/check-host.sh.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('pinhole-release', import.meta.url));
const TARGET = `linux-${process.arch}`;
const OTHER = TARGET === 'linux-x64' ? 'linux-arm64' : 'linux-x64';
const NODE_FILE = `node-v26.10.0-${TARGET}.tar.gz`;

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

class Host {
  readonly #folder: string;
  readonly prefix: string;
  readonly node: string;

  constructor(t: TestContext) {
    // Where there is one, in memory: the script waits for the disk, with everything else that others write to it.
    this.#folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'pinhole-releases-'));
    t.after(() => rmSync(this.#folder, { recursive: true, force: true }));
    this.prefix = join(this.#folder, 'opt');
    const top = NODE_FILE.replace('.tar.gz', '');
    this.write(`${top}/bin/node`, '#!/bin/sh\nexit 0\n', 0o755);
    this.write(`${top}/LICENSE`, 'text');
    this.node = this.pack(NODE_FILE, [top]);
  }

  write(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(join(this.#folder, path)), { recursive: true });
    writeFileSync(join(this.#folder, path), text, { mode });
    chmodSync(join(this.#folder, path), mode);
  }

  link(path: string, target: string): void {
    symlinkSync(target, join(this.#folder, path));
  }

  pack(name: string, members: readonly string[], ...more: readonly string[]): string {
    const file = join(this.#folder, name);
    execFileSync('tar', ['-czf', file, '-C', this.#folder, ...more, ...members]);
    return file;
  }

  /** The folder of a release, as far as the script goes into it; its name. */
  unpacked(version: string, target = TARGET, nodeSum = sha256(this.node)): string {
    const name = `pinhole-${version}-${target}`;
    this.write(`${name}/RELEASE.json`, `${JSON.stringify({ version, target, node: '26.10.0' }, null, 2)}\n`);
    this.write(`${name}/deploy/host/node.sums`, `${nodeSum}  ${NODE_FILE}\n`);
    this.write(`${name}/pinhole`, '#!/bin/sh\nexit 0\n', 0o755);
    return name;
  }

  release(version: string): string {
    return this.pack(`${version}.tar.gz`, [this.unpacked(version)]);
  }

  run(...args: readonly string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
    const env = { ...process.env, PINHOLE_PREFIX: this.prefix, PINHOLE_RUNTIME: join(this.#folder, 'run') };
    const { status, stdout, stderr } = spawnSync('sh', [SCRIPT, ...args], { env, encoding: 'utf8' });
    return { code: status, out: stdout, err: stderr };
  }

  add(file: string, sum = sha256(file), node = this.node) {
    return this.run('add', file, '--sha256', sum, '--node', node);
  }

  /** Everything that is there and has a name of its own. */
  left(): string[] {
    return readdirSync(this.prefix, { recursive: true, encoding: 'utf8' }).filter((path) => !['.lock', 'releases', 'node'].includes(path));
  }
}

describe('a release that is not whole is refused, and nothing of it stays', () => {
  const rows: readonly (readonly [what: string, make: (host: Host) => string, says: RegExp])[] = [
    [
      'cut short',
      (host) => {
        const file = host.release('1.0.0');
        writeFileSync(file, readFileSync(file).subarray(0, 300));
        return file;
      },
      /tar|gzip/,
    ],
    ['empty', (host) => host.pack('empty.tar.gz', ['--files-from=/dev/null']), /is no release of Pinhole/],
    ['for another machine', (host) => host.pack('other.tar.gz', [host.unpacked('1.0.0', OTHER)]), /is for linux-\S+, and this host is/],
    [
      'without RELEASE.json',
      (host) => {
        host.write('pinhole-1.0.0/pinhole', '');
        return host.pack('none.tar.gz', ['pinhole-1.0.0']);
      },
      /is no release of Pinhole/,
    ],
    [
      'with a second folder',
      (host) => {
        host.write('another/file', '');
        return host.pack('two.tar.gz', [host.unpacked('1.0.0'), 'another']);
      },
      /is no release of Pinhole/,
    ],
    [
      'that names no checksum of its Node',
      (host) => {
        const name = host.unpacked('1.0.0');
        host.write(`${name}/deploy/host/node.sums`, '# none\n');
        return host.pack('sums.tar.gz', [name]);
      },
      /names no checksum for node-/,
    ],
    ['for another Node', (host) => host.pack('node.tar.gz', [host.unpacked('1.0.0', TARGET, '0'.repeat(64))]), /is not what was asked for/],
  ];
  for (const [what, make, says] of rows) {
    test(what, (t) => {
      const host = new Host(t);
      const { code, err } = host.add(make(host));
      assert.notEqual(code, 0);
      assert.match(err, says);
      assert.deepEqual(host.left(), []);
    });
  }

  test('with a path that leads out, and with a link that does: neither is followed', (t) => {
    const host = new Host(t);
    const name = host.unpacked('1.0.0');
    host.write('victim', 'mine');
    host.link(`${name}/out`, '..');
    host.write('evil', 'yours');
    const file = host.pack('out.tar', [name]);
    execFileSync('tar', ['-cf', file, '-C', dirname(file), name]);
    for (const place of ['../../victim', `${name}/out/../../victim`])
      execFileSync('tar', ['-rPf', file, '-C', dirname(file), `--transform=s,^evil$,${place},`, 'evil']);
    execFileSync('gzip', [file]);
    host.add(`${file}.gz`);
    assert.equal(readFileSync(join(dirname(file), 'victim'), 'utf8'), 'mine');
    assert.deepEqual(
      readdirSync(host.prefix).filter((entry) => entry === 'victim'),
      [],
    );
  });
});

describe('what was broken off', () => {
  test('is taken away by the next, and is in nobody’s way', (t) => {
    const host = new Host(t);
    assert.equal(host.add(host.release('1.0.0')).code, 0);
    mkdirSync(join(host.prefix, '.incoming.killed/release'), { recursive: true });
    symlinkSync('releases/none', join(host.prefix, '.link.4242'));
    assert.equal(host.run('use', `pinhole-1.0.0-${TARGET}`).code, 0);
    assert.deepEqual(
      readdirSync(host.prefix).filter((name) => /incoming|link/.test(name)),
      [],
    );
    assert.equal(readlinkSync(join(host.prefix, 'current')), `releases/pinhole-1.0.0-${TARGET}`);
  });

  test('may be done again: the same release is the same release', (t) => {
    const host = new Host(t);
    const file = host.release('1.0.0');
    for (const time of ['first', 'second']) assert.equal(host.add(file).code, 0, time);
    assert.match(host.add(host.pack('changed.tar.gz', [host.unpacked('1.0.0'), '--mtime=2020-01-01'])).err, /another release of the name/);
  });
});

test('two at once: the second changes nothing, and says why', async (t) => {
  const host = new Host(t);
  mkdirSync(host.prefix);
  const first = spawn('flock', [join(host.prefix, '.lock'), 'sh', '-c', 'echo held; read _'], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => first.stdin.destroy());
  await new Promise((resolve) => first.stdout.once('data', resolve));
  const { code, err } = host.add(host.release('1.0.0'));
  assert.equal(code, 1);
  assert.match(err, /another pinhole-release is at work here/);
  assert.deepEqual(host.left(), []);
  assert.equal(host.run('list').code, 0, 'looking is for everybody');
  first.stdin.end();
  await new Promise((resolve) => first.once('close', resolve));
  assert.equal(host.add(host.release('1.0.0')).code, 0);
});

test('a Node goes with the last release that wants it', (t) => {
  const host = new Host(t);
  for (const version of ['1.0.0', '1.0.1', '1.0.2']) {
    assert.equal(host.add(host.release(version)).code, 0);
    assert.equal(host.run('use', `pinhole-${version}-${TARGET}`).code, 0);
  }
  mkdirSync(join(host.prefix, 'node/v24.0.0'), { recursive: true });
  assert.equal(host.run('remove', `pinhole-1.0.0-${TARGET}`).code, 0);
  assert.deepEqual(readdirSync(join(host.prefix, 'node')), [`v26.10.0-${TARGET}`]);
  for (const name of [`pinhole-1.0.1-${TARGET}`, `pinhole-1.0.2-${TARGET}`])
    assert.match(host.run('remove', name).err, /in use, or the way back/);
});

test('what our page has root type is not taken from a folder that anybody may write to', () => {
  const page = readFileSync(new URL('../../docs/host.md', import.meta.url), 'utf8');
  const typed = [...page.matchAll(/^```sh[^\n]*\n([^]*?)^```/gm)].map(([, text = '']) => text).join('');
  assert.match(typed, /install\.sh --release/);
  // Whoever made /var/tmp/pinhole-0 before would be run as root by `/var/tmp/pinhole-*/...`.
  assert.doesNotMatch(typed, /\/(var\/)?tmp\//);
});

for (const args of [
  [],
  ['add'],
  ['add', 'x'],
  ['use'],
  ['remove', ''],
  ['remove', '../etc'],
  ['remove', '..'],
  ['add', 'x', '--sha256'],
  ['frobnicate'],
]) {
  test(`pinhole-release ${args.join(' ')} is a wrong command line`, (t) => assert.equal(new Host(t).run(...args).code, 64));
}

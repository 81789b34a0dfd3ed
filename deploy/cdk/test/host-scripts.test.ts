// The scripts of an instance, run as they are on a machine of their own: what a boot does, and what it leaves alone when it fails.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { makeCertificate } from '../../../proxy/config/test-support.ts';
import { type FakeHost, fakeHost, whyNoNamespaces } from '../../testing/fake-host.ts';
import { goodStage, stageText } from '../../testing/synth.ts';
import { type Delivered, fleetInstanceFiles, nodeInstanceFiles } from '../instance-files.ts';
import { renderUserData } from '../user-data.ts';

const ME = 'i-0aaaaaaaaaaaaaaaa';
const OTHER = 'i-0bbbbbbbbbbbbbbbb';
const ALLOCATION = 'eipalloc-0123456789abcdef0';
const RELEASE = makeRelease();
const STAGE = goodStage(stageText('example').replace(/0{64}/, RELEASE.sha256));
const DELIVERED: Delivered = {
  ...{ tokenSecret: 'token', certificateSecret: 'certificate', addressListUrl: null, fleetUrl: 's3://bucket/FLEET.yaml' },
  groups: { records: 'records', metrics: 'metrics', fleet: 'fleet' },
};
const NODE = { slot: 'eu-1a', allocationId: ALLOCATION, group: 'group-eu-1a', hook: 'drain', nodeFile: '/pinhole/example/nodes/eu-1a' };
const USER_DATA = renderUserData(nodeInstanceFiles(STAGE, DELIVERED, NODE));
const PAIR = makeCertificate(['proxy.example.com']);
const OTHER_PAIR = makeCertificate(['proxy.example.com']);

/** What `npm run release` makes, as far as a boot goes into it. */
function makeRelease(): { readonly bytes: string; readonly sha256: string } {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-release-'));
  try {
    mkdirSync(join(folder, 'pinhole-0.1.0-linux-arm64/deploy/host'), { recursive: true });
    const install = '#!/bin/sh\nmkdir -p /opt/pinhole/current\necho "install.sh $1 $3" >>/opt/pinhole/installed\n';
    writeFileSync(join(folder, 'pinhole-0.1.0-linux-arm64/deploy/host/install.sh'), install, { mode: 0o755 });
    execFileSync('tar', ['-czf', 'release.tar.gz', 'pinhole-0.1.0-linux-arm64'], { cwd: folder });
    const bytes = readFileSync(join(folder, 'release.tar.gz'));
    return { bytes: bytes.toString('latin1'), sha256: createHash('sha256').update(bytes).digest('hex') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A machine for which AWS has everything, and where nobody has the address. */
function machine(t: TestContext): FakeHost {
  const host = fakeHost(t);
  const release = Buffer.from(RELEASE.bytes, 'latin1');
  host.answer(`s3 cp --only-show-errors ${STAGE.release.url}`, '');
  writeBinary(host, release);
  host.answer('secretsmanager get-secret-value --secret-id token', 'secret-token\n');
  host.answer('secretsmanager get-secret-value --secret-id certificate', PAIR.key + PAIR.certificate);
  host.answer('ssm get-parameter --name /pinhole/example/nodes/eu-1a', 'listen: []\n');
  host.answer('ec2 describe-addresses', 'None\n');
  host.answer('ec2 associate-address', '{}');
  host.answer('cloudwatch put-metric-data', '');
  return host;
}

/** Whoever waits there is given up. */
function givesUp(host: FakeHost): void {
  host.write('bin/sleep', '#!/bin/bash\necho "sleep $*" >>FOLDER/calls\nexit 1\n', 0o755);
}

function writeBinary(host: FakeHost, bytes: Buffer): void {
  const name = `s3 cp --only-show-errors ${STAGE.release.url}`.replaceAll(/[/ ]/g, '_');
  host.write(`answers/${name}.hex`, bytes.toString('hex'));
  // Through a file of hex digits: the stand-in's answers are texts.
  host.write(
    'bin/dnf',
    `#!/bin/bash\necho "dnf $*" >>FOLDER/calls\nxxd -r -p 'FOLDER/answers/${name}.hex' >'FOLDER/answers/${name}'\n`,
    0o755,
  );
}

const missing = whyNoNamespaces();
if (missing !== null && process.env['PINHOLE_NO_SKIPS'] === '1') throw new Error(`the scripts of an instance cannot be run: ${missing}`);

describe('an instance', { skip: missing ?? false, concurrency: true }, () => {
  test('that boots has its release, its files and its programs, and starts the node before it asks for the address', async (t) => {
    const host = machine(t);
    const { code, err } = await host.run(USER_DATA);
    assert.equal(code, 0, err);
    assert.equal(host.read('opt/pinhole/installed'), 'install.sh --release --sha256\n');
    assert.equal(host.read('etc/pinhole/pinhole.yaml'), 'listen: []\n');
    assert.equal(host.read('etc/pinhole/admin.token'), 'secret-token\n');
    assert.equal(host.read('etc/pinhole/tls/key.pem'), PAIR.key);
    assert.equal(host.read('etc/pinhole/tls/fullchain.pem'), PAIR.certificate);
    const started = host.calls().filter((call) => call.startsWith('systemctl'));
    assert.deepEqual(started.slice(-2), ['systemctl start pinhole.service', 'systemctl start --no-block pinhole-address.service']);
    assert.ok(!host.calls().some((call) => call.includes('associate-address')), 'the address is for pinhole-address.service to take');
  });

  test('whose release has another checksum unpacks nothing, starts nothing and takes no address', async (t) => {
    const host = machine(t);
    writeBinary(host, Buffer.concat([Buffer.from(RELEASE.bytes, 'latin1'), Buffer.from('x')]));
    givesUp(host);
    const { code, err } = await host.run(USER_DATA);
    assert.equal(code, 1);
    assert.match(err, /get-release: s3:\S+ is not the release that was pinned: its SHA-256 differs; nothing is unpacked/);
    assert.equal(host.read('opt/pinhole/installed'), null);
    assert.ok(!host.calls().some((call) => /associate-address|systemctl start/.test(call)), host.calls().join('\n'));
  });

  for (const [what, words] of [
    ['release', `s3 cp --only-show-errors ${STAGE.release.url}`],
    ['file', 'ssm get-parameter --name /pinhole/example/nodes/eu-1a'],
    ['token', 'secretsmanager get-secret-value --secret-id token'],
    ['certificate', 'secretsmanager get-secret-value --secret-id certificate'],
  ] as const) {
    test(`that cannot fetch its ${what} takes no address`, async (t) => {
      const host = machine(t);
      host.answer(words, 255);
      givesUp(host);
      assert.notEqual((await host.run(USER_DATA)).code, 0);
      assert.ok(
        host.calls().some((call) => call.startsWith(`aws ${words}`)),
        'it was asked for',
      );
      assert.ok(!host.calls().some((call) => /associate-address|start pinhole\.service/.test(call)), host.calls().join('\n'));
    });
  }

  test('whose release cannot be fetched at the moment asks again, and serves then', async (t) => {
    const host = machine(t);
    const words = `s3 cp --only-show-errors ${STAGE.release.url}`;
    host.answer(words, 255);
    host.write(
      'bin/sleep',
      `#!/bin/bash\necho "sleep $*" >>FOLDER/calls\nrm 'FOLDER/answers/${words.replaceAll(/[/ ]/g, '_')}.code'\n`,
      0o755,
    );
    const { code, err } = await host.run(USER_DATA);
    assert.equal(code, 0, err);
    assert.match(err, /get-release has failed: once more in 30 s/);
    assert.equal(host.calls().filter((call) => call === 'sleep 30').length, 1);
    assert.ok(host.calls().includes('systemctl start pinhole.service'));
  });

  test('whose certificate nobody has put into its secret yet waits for it, and is started once when it is there', async (t) => {
    const host = machine(t);
    host.write('bin/systemctl', '#!/bin/bash\necho "systemctl $*" >>FOLDER/calls\n[ "$1" != is-failed ]\n', 0o755);
    host.answer('secretsmanager get-secret-value --secret-id certificate', 'a random text, as CloudFormation leaves it');
    const { code, err } = await host.run(USER_DATA);
    assert.equal(code, 1);
    assert.match(err, /certificate holds no certificate in PEM/);
    assert.match(err, /asked for every minute, and the node started when it is/);
    const starts = (): string[] => host.calls().filter((call) => /systemctl (re)?start .*pinhole\.service/.test(call));
    assert.deepEqual(starts(), []);
    assert.ok(host.calls().includes('systemctl enable --now pinhole-aws.timer pinhole-drain.service'), host.calls().join('\n'));

    host.answer('secretsmanager get-secret-value --secret-id certificate', PAIR.key + PAIR.certificate);
    for (const minute of ['first', 'second']) assert.equal((await host.run('exec /usr/local/lib/pinhole/fetch-settings')).code, 0, minute);
    assert.deepEqual(starts(), ['systemctl restart --no-block pinhole.service']);
  });
});

/** A machine that has booted, and whose calls from now on count. */
async function booted(t: TestContext, delivered: Delivered = DELIVERED): Promise<FakeHost> {
  const host = machine(t);
  host.answer('s3 cp --only-show-errors s3://bucket/addresses.json', '{}');
  const { code, err } = await host.run(renderUserData(nodeInstanceFiles(STAGE, delivered, NODE)));
  assert.equal(code, 0, err);
  host.write('calls', '');
  return host;
}

describe('the address of a slot', { skip: missing ?? false, concurrency: true }, () => {
  const take = (host: FakeHost) => host.run('exec /etc/pinhole/take-address');
  const asked = (host: FakeHost): string => host.calls().join('\n');

  test('is taken where nobody has it and the node is ready, and never from somebody', async (t) => {
    const host = await booted(t);
    const { code, err } = await take(host);
    assert.equal(code, 0, err);
    assert.match(asked(host), new RegExp(`associate-address --allocation-id ${ALLOCATION} --instance-id ${ME} --no-allow-reassociation`));
    assert.match(asked(host), /put-metric-data .*address_held .*slot=eu-1a --value 1/);
  });

  test('stays with another instance that has it', async (t) => {
    const host = await booted(t);
    host.answer('ec2 describe-addresses', `${OTHER}\n`);
    const { code, err } = await take(host);
    assert.equal(code, 1);
    assert.match(err, new RegExp(`${OTHER} has the address of eu-1a: waiting for it to end`));
    assert.doesNotMatch(asked(host), /associate-address/);
  });

  test('is not taken by a node that is not ready, which says so in a metric', async (t) => {
    const host = await booted(t);
    host.write('ready', '22');
    const { code, err } = await take(host);
    assert.equal(code, 1);
    assert.match(err, /not ready: the address of eu-1a stays free/);
    assert.doesNotMatch(asked(host), /associate-address/);
    assert.match(asked(host), /put-metric-data .*--value 0/);
  });

  test('is left alone by the one that has it, also while that is not ready', async (t) => {
    const host = await booted(t);
    host.answer('ec2 describe-addresses', `${ME}\n`);
    host.write('ready', '22');
    assert.equal((await take(host)).code, 0);
    assert.doesNotMatch(asked(host), /associate-address/);
  });
});

describe('what a node runs by', { skip: missing ?? false, concurrency: true }, () => {
  const fetch = (host: FakeHost) => host.run('exec /usr/local/lib/pinhole/fetch-settings');

  test('is renewed while it runs: a new certificate comes with its key, and nothing is restarted', async (t) => {
    const host = await booted(t);
    host.answer('secretsmanager get-secret-value --secret-id certificate', OTHER_PAIR.key + OTHER_PAIR.certificate);
    host.write('bin/systemctl', '#!/bin/bash\necho "systemctl $*" >>FOLDER/calls\n[ "$1" != is-failed ]\n', 0o755);
    const { code, err } = await fetch(host);
    assert.equal(code, 0, err);
    assert.equal(host.read('etc/pinhole/tls/fullchain.pem'), OTHER_PAIR.certificate);
    assert.equal(host.read('etc/pinhole/tls/key.pem'), OTHER_PAIR.key);
    assert.ok(!host.calls().some((call) => /systemctl (re)?start/.test(call)));
  });

  test('half of a renewal is not taken', async (t) => {
    const host = await booted(t);
    host.answer('secretsmanager get-secret-value --secret-id certificate', OTHER_PAIR.key + PAIR.certificate);
    const { code, err } = await fetch(host);
    assert.equal(code, 1);
    assert.match(err, /the key in certificate does not belong to its certificate: the one before stays/);
    assert.equal(host.read('etc/pinhole/tls/key.pem'), PAIR.key);
  });

  test('a certificate that is not good keeps neither the file nor the list away', async (t) => {
    const host = await booted(t, { ...DELIVERED, addressListUrl: 's3://bucket/addresses.json' });
    host.answer('secretsmanager get-secret-value --secret-id certificate', OTHER_PAIR.key + PAIR.certificate);
    host.answer('ssm get-parameter --name /pinhole/example/nodes/eu-1a', 'listen: [changed]\n');
    host.answer('s3 cp --only-show-errors s3://bucket/addresses.json', '{"issued":"later"}');
    const { code, err } = await fetch(host);
    assert.equal(code, 1);
    assert.match(err, /not fetched: certificate$/m);
    assert.equal(host.read('etc/pinhole/pinhole.yaml'), 'listen: [changed]\n');
    assert.equal(host.read('etc/pinhole/addresses.json'), '{"issued":"later"}');
    assert.equal(host.read('etc/pinhole/tls/key.pem'), PAIR.key);
  });

  test('what the disk has no room for takes no place', async (t) => {
    const host = await booted(t);
    host.answer('ssm get-parameter --name /pinhole/example/nodes/eu-1a', 'listen: [changed]\n');
    host.write('bin/install', '#!/bin/bash\nhead -c 4 "${@: -2:1}" >"${@: -1}"\nexit 1\n', 0o755);
    assert.equal((await fetch(host)).code, 1);
    assert.equal(host.read('etc/pinhole/pinhole.yaml'), 'listen: []\n');
  });

  test('a secret that nobody has filled yet is said', async (t) => {
    const host = await booted(t);
    host.answer('secretsmanager get-secret-value --secret-id certificate', 'abc');
    const { code, err } = await fetch(host);
    assert.equal(code, 1);
    assert.match(err, /certificate holds no certificate in PEM/);
  });
});

describe('the end of an instance', { skip: missing ?? false, concurrency: true }, () => {
  const pinhole = (lines: string): string => `#!/bin/bash\necho "pinhole $*" >>FOLDER/calls\n${lines}\n`;
  /** Where the node is that the unit has started: outside of it nothing says so. */
  const [, runtime] = /^RuntimeDirectory=(.*)$/m.exec(readFileSync(new URL('../../host/pinhole.service', import.meta.url), 'utf8')) ?? [];
  const ends = async (t: TestContext, lines: string): Promise<string[]> => {
    const host = await booted(t);
    host.answer('autoscaling', '');
    host.write('lifecycle', 'Terminated');
    host.write('opt/pinhole/current/pinhole', pinhole(lines), 0o755);
    assert.equal((await host.run('exec /usr/local/lib/pinhole/drain-at-termination')).code, 0);
    return host.calls().filter((call) => /^pinhole|autoscaling [a-z]/.test(call) && !call.startsWith('curl'));
  };

  test('drains the node first, holds the hook meanwhile, and then lets it go', async (t) => {
    const calls = await ends(t, 'sleep 1');
    assert.deepEqual(
      calls.filter((call) => call.startsWith('pinhole ')),
      [`pinhole drain --runtime /run/${runtime} --json`],
    );
    assert.ok(
      calls.some((call) => call.includes('record-lifecycle-action-heartbeat --lifecycle-hook-name drain')),
      calls.join('\n'),
    );
    assert.match(calls.at(-1) ?? '', new RegExp(`complete-lifecycle-action .*--instance-id ${ME} --lifecycle-action-result CONTINUE`));
  });

  test('does not wait for a node that cannot drain any more', async (t) => {
    assert.match((await ends(t, 'exit 1')).at(-1) ?? '', /complete-lifecycle-action/);
  });
});

describe('the instance of the fleet', { skip: missing ?? false }, () => {
  const BOOT = renderUserData(fleetInstanceFiles(STAGE, DELIVERED));
  const fleet = (t: TestContext): FakeHost => {
    const host = machine(t);
    // Of eu-1a two: one that drains before it ends, and the one that takes its place.
    host.answer(
      'ec2 describe-instances',
      [
        '2026-11-29T09:30:00+00:00\t10.20.0.9\teu-1a',
        '2026-11-02T10:00:00+00:00\t10.20.0.8\teu-1a',
        '2026-11-03T10:00:00+00:00\t10.20.0.70\teu-1b',
        '2026-11-03T10:00:00+00:00\t10.20.0.12\tNone\n',
      ].join('\n'),
    );
    host.answer('s3 cp --only-show-errors s3://bucket/FLEET.yaml', 'name: proxy.example.com\n');
    host.write('etc/hosts', '127.0.0.1 localhost\n');
    return host;
  };

  test('has FLEET.yaml, the names of the nodes, and no node of its own', async (t) => {
    const host = fleet(t);
    const { code, err } = await host.run(BOOT);
    assert.equal(code, 0, err);
    assert.equal(host.read('etc/pinhole/FLEET.yaml'), 'name: proxy.example.com\n');
    assert.match(
      host.read('etc/hosts') ?? '',
      /^127\.0\.0\.1 localhost\n# pinhole begins\n10\.20\.0\.9 eu-1a\.node\.internal\n10\.20\.0\.70 eu-1b\.node\.internal\n# pinhole ends\n$/,
    );
    assert.ok(host.calls().includes('systemctl disable pinhole.service pinhole-address.service'));
    assert.ok(host.calls().includes('systemctl enable --now pinhole-fleet.service pinhole-aws.timer'));
  });

  test('has its names exchanged as a whole: on a full disk half a file, without localhost, would be all there is from then on', async (t) => {
    const host = fleet(t);
    assert.equal((await host.run(BOOT)).code, 0);
    const before = host.read('etc/hosts');
    host.answer('ec2 describe-instances', '2026-11-29T00:00:00+00:00\t10.20.0.99\teu-1a\n');
    // Whoever has the old one open goes on reading it, unless it was written over.
    const { code, err } = await host.run('exec 3</etc/hosts; /usr/local/lib/pinhole/fetch-fleet && cat <&3 >/etc/seen');
    assert.equal(code, 0, err);
    assert.equal(host.read('etc/seen'), before);
    assert.match(host.read('etc/hosts') ?? '', /^127\.0\.0\.1 localhost\n# pinhole begins\n10\.20\.0\.99 eu-1a/);
  });

  test('starts without FLEET.yaml too, and keeps the one it has while the next cannot be fetched', async (t) => {
    const host = fleet(t);
    host.answer('s3 cp --only-show-errors s3://bucket/FLEET.yaml', 255);
    const { code, err } = await host.run(BOOT);
    assert.equal(code, 0, err);
    assert.match(err, /FLEET\.yaml is not there yet: nothing is changed until it is/);
    assert.equal(host.read('etc/pinhole/FLEET.yaml'), null);
  });
});

// What an instance is told, as a text: whole, small enough, and taken by a shell.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { goodStage, stageText } from '../testing/synth.ts';
import { fleetInstanceFiles, nodeInstanceFiles } from './instance-files.ts';
import { renderUserData, USER_DATA_BYTES_MAX } from './user-data.ts';

const HOST = new URL('host/', import.meta.url);
const STAGE = goodStage(stageText('example'));
const DELIVERED = {
  tokenSecret: 'pinhole-example/admin-token',
  certificateSecret: 'pinhole-example/certificate',
  addressListUrl: 's3://bucket/addresses.json',
  fleetUrl: 's3://bucket/FLEET.yaml',
  groups: { records: '/pinhole/example/records', metrics: '/pinhole/example/metrics', fleet: '/pinhole/example/fleet' },
};
const NODE = {
  slot: 'eu-1a',
  allocationId: 'eipalloc-0123456789abcdef0',
  group: 'pinhole-example.eu-1a',
  hook: 'drain',
  nodeFile: '/pinhole/example/nodes/eu-1a',
};
const TEXTS = {
  'a node of a slot': renderUserData(nodeInstanceFiles(STAGE, DELIVERED, NODE)),
  'a node of the pool': renderUserData(nodeInstanceFiles(STAGE, DELIVERED, { ...NODE, slot: 'pool', allocationId: null })),
  'the one of the fleet': renderUserData(fleetInstanceFiles(STAGE, DELIVERED)),
};
/** Names of roles and groups are as long as a stage's may be. */
const ROOM_BYTES = 512;

for (const [what, text] of Object.entries(TEXTS)) {
  test(`${what}: fits into user data, with room for longer names`, () =>
    assert.ok(Buffer.byteLength(text) + ROOM_BYTES < USER_DATA_BYTES_MAX, `${Buffer.byteLength(text)} bytes`));

  test(`${what}: bash takes it`, () => {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });

  test(`${what}: runs nothing that it does not bring`, () => {
    const brought = new Set([...text.matchAll(/^install -D \/dev\/stdin (\S+)/gm)].map(([, path]) => path));
    for (const [, path = ''] of text.matchAll(/(\/usr\/local\/lib\/pinhole\/[a-z-]+)/g)) assert.ok(brought.has(path), path);
  });
}

test('every script is bash, says what it is for, and holds no closing word of another', () => {
  for (const name of readdirSync(HOST)) {
    const text = readFileSync(new URL(name, HOST), 'utf8');
    assert.ok(!text.includes('END_OF_FILE'), name);
    if (/\.(service|timer)$/.test(name)) continue;
    const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
    assert.equal(status, 0, `${name}: ${stderr}`);
    assert.match(text, name === 'common' ? /^# What / : /^#!\/bin\/bash\n# /, name);
  }
});

test('the release and its checksum are the stage’s', () => {
  for (const text of Object.values(TEXTS)) {
    assert.ok(text.includes(`RELEASE_URL='${STAGE.release.url}'\nRELEASE_SHA256='${STAGE.release.sha256}'\n`));
  }
});

test('only a node of a slot has a program that takes an address', () => {
  assert.ok(TEXTS['a node of a slot'].includes('associate-address'));
  assert.ok(!TEXTS['a node of the pool'].includes('associate-address'));
  assert.ok(!TEXTS['the one of the fleet'].includes('associate-address'));
});

test('what runs for as long as the instance does is not root: only what puts files in place and takes an address is', () => {
  for (const name of readdirSync(HOST).filter((file) => file.endsWith('.service'))) {
    const unit = readFileSync(new URL(name, HOST), 'utf8');
    if (!unit.includes('Type=oneshot')) assert.match(unit, /^User=pinhole$[^]*^NoNewPrivileges=yes$[^]*^CapabilityBoundingSet=$/m, name);
  }
});

// A device made where AWS takes everything: what a run that broke off, or a careless one, leaves for the next. What AWS says is test/moto.test.ts.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { AttachPolicyCommand, CreateCertificateFromCsrCommand, type IoTClient } from '@aws-sdk/client-iot';
import { goodStage, stageText } from '../testing/synth.ts';
import { ensureKey } from './key-pair.ts';
import { provision } from './provision.ts';

const STAGE = goodStage(stageText('example'));

function world(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-device-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const sent: object[] = [];
  const send = (command: object): Promise<object> => {
    sent.push(command);
    return Promise.resolve(command instanceof CreateCertificateFromCsrCommand ? { certificateArn: 'arn:cert', certificatePem: 'pem' } : {});
  };
  const make = (thing: string, dir = 'device') => provision({ send } as unknown as IoTClient, STAGE, thing, join(folder, dir));
  return { folder, sent, make };
}

test('a name as long as AWS IoT takes one has a certificate too', async (t) => {
  const { make } = world(t);
  assert.equal((await make('x'.repeat(128))).certificateArn, 'arn:cert');
});

test('the folder of a device is not another one’s, and AWS is asked nothing', async (t) => {
  const { make, sent } = world(t);
  await make('pump-1');
  const before = sent.length;
  await assert.rejects(make('pump-2'), /is the folder of pump-1: give pump-2 another one by --dir/);
  assert.equal(sent.length, before);
  await make('pump-1');
});

test('an ARN that the disk had no room for is asked for again', async (t) => {
  const { make, folder, sent } = world(t);
  mkdirSync(join(folder, 'device'));
  writeFileSync(join(folder, 'device/certificate.arn'), '');
  await make('pump-1');
  assert.equal(readFileSync(join(folder, 'device/certificate.arn'), 'utf8'), 'arn:cert\n');
  assert.ok(sent.some((command) => command instanceof AttachPolicyCommand && command.input.target === 'arn:cert'));
});

test('half a key is not taken for one', (t) => {
  const { folder } = world(t);
  const key = join(folder, 'private.key');
  const path = process.env['PATH'];
  t.after(() => (process.env['PATH'] = path));
  writeFileSync(join(folder, 'openssl'), '#!/bin/sh\nfor file; do :; done\necho "-----BEGIN" >"$file"\nexit 1\n', { mode: 0o755 });
  process.env['PATH'] = `${folder}:${path}`;
  assert.throws(() => ensureKey(key), /^Error: openssl: /);
  assert.equal(existsSync(key), false);
  process.env['PATH'] = path;
  ensureKey(key);
  assert.match(readFileSync(key, 'utf8'), /-----END PRIVATE KEY-----/);
});

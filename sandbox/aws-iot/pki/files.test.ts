import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DEFAULT_NAMES } from '../names.ts';
import { certificatePem, createDevice, keyPem } from './authority.ts';
import { preparePki, type Pki } from './files.ts';

let dir: string;
let made: Pki;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'aws-iot-pki-'));
  made = await preparePki(dir, DEFAULT_NAMES);
});
after(() => rm(dir, { recursive: true, force: true }));

test('a new folder gets certificates, and a second look uses them again', async () => {
  const again = await preparePki(dir, DEFAULT_NAMES);
  assert.equal(made.reused, false);
  assert.equal(again.reused, true);
  assert.deepEqual(again.texts, made.texts);
});

test('keys are readable by their owner only, and no temporary file is left', async () => {
  const names = await readdir(dir);
  assert.equal(names.length, Object.keys(made.files).length);
  for (const name of names.filter((candidate) => candidate.endsWith('.key'))) {
    assert.equal((await stat(join(dir, name))).mode & 0o777, 0o600, name);
  }
});

test('the data certificate carries the names of AWS and not those of other endpoints', () => {
  const leaf = new X509Certificate(made.texts.dataCertificate);
  assert.equal(leaf.subjectAltName, 'DNS:*.iot.eu-west-1.amazonaws.com, DNS:iot.eu-west-1.amazonaws.com');
  assert.equal(leaf.checkHost(DEFAULT_NAMES.data), '*.iot.eu-west-1.amazonaws.com');
  assert.equal(leaf.checkHost(DEFAULT_NAMES.credentials), undefined);
});

test('servers send leaf, intermediate and the cross-signed root', () => {
  const blocks = made.texts.dataCertificate.match(/BEGIN CERTIFICATE/g);
  assert.equal(blocks?.length, 3);
});

test('device keys come in the PKCS#1 form of AWS', () => {
  assert.match(made.texts.deviceKey, /^-----BEGIN RSA PRIVATE KEY-----/);
});

test('other names make the folder anew', async (context) => {
  const other = await mkdtemp(join(tmpdir(), 'aws-iot-pki-'));
  context.after(() => rm(other, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(made.texts)) await writeFile(made.files[name as keyof Pki['files']].replace(dir, other), text);
  const names = { ...DEFAULT_NAMES, data: 'zz-ats.iot.us-east-1.amazonaws.com' };
  assert.equal((await preparePki(other, DEFAULT_NAMES)).reused, true);
  assert.equal((await preparePki(other, names)).reused, false);
});

test('a key of another certificate, a broken file or a short life makes the folder anew', async (context) => {
  const other = await mkdtemp(join(tmpdir(), 'aws-iot-pki-'));
  context.after(() => rm(other, { recursive: true, force: true }));
  const { files } = await preparePki(other, DEFAULT_NAMES);
  const stranger = await createDevice({ name: 'CN=stranger', days: 29 });

  await writeFile(files.deviceKey, await readFile(files.secondDeviceKey));
  assert.equal((await preparePki(other, DEFAULT_NAMES)).reused, false);
  await writeFile(files.dataCertificate, 'not a certificate');
  assert.equal((await preparePki(other, DEFAULT_NAMES)).reused, false);
  await writeFile(files.deviceCa, certificatePem(stranger));
  await writeFile(files.deviceCertificate, certificatePem(stranger));
  await writeFile(files.deviceKey, await keyPem(stranger));
  assert.equal((await preparePki(other, DEFAULT_NAMES)).reused, false);
});

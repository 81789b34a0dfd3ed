import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DEFAULT_NAMES } from '../aws-iot/names.ts';
import type { Place } from './place.ts';
import { nextLines, renderSummary } from './summary.ts';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The world of the README: usual ports, folder `.sandbox`, typed from the project's folder. */
function usualPlace(proxyInsteadOf: number | null = null): Place {
  const port = (number: number) => ({ number, insteadOf: null });
  const file = (name: string): string => `.sandbox/${name}`;
  const files = { ca: file('ca.pem'), deviceCertificate: file('device.pem'), deviceKey: file('device.key') };
  const place = {
    dir: '.sandbox',
    runtime: file('run'),
    hosts: file('hosts'),
    ports: { proxy: { number: 8443, insteadOf: proxyInsteadOf }, health: port(8080), admin: port(9901) },
    aws: {
      data: { host: DEFAULT_NAMES.data, wssPort: 1, httpsPort: 2, mqttPort: 3 },
      credentials: { host: DEFAULT_NAMES.credentials, port: 4 },
      files,
      thing: 'sandbox-device',
      roleAlias: 'sandbox-role-alias',
    },
    pinhole: './pinhole',
    show: (path: string) => path,
  };
  return place as unknown as Place;
}

test('the README shows the lines that the sandbox prints, letter by letter', () => {
  for (const { command } of nextLines(usualPlace())) assert.ok(README.includes(`${command}\n`), command);
});

test('the summary names ports and files, and says which port moved', () => {
  const summary = renderSummary(usualPlace(443), 2.04);
  assert.match(summary, /up \(2\.0 s\)/);
  assert.match(summary, /proxy {4}127\.0\.0\.1:8443 \(443 was taken\): connect,/);
  assert.match(summary, /health {3}http:\/\/127\.0\.0\.1:8080\/ready\n/);
});

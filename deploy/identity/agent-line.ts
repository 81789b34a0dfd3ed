// The line that runs the reference agent as one device of a stage: what the stack puts out, and what `provision` prints and writes. Pure.

import type { Stage } from '../cdk/stage.ts';
import { identityNames } from './names.ts';

/** What a device's folder holds. */
export const DEVICE_FILES = {
  certificate: 'certificate.pem',
  key: 'private.key',
  arn: 'certificate.arn',
  run: 'run-agent',
  thing: 'thing.name',
} as const;

/** Where `provision` puts a device unless told. */
export function deviceFolder(thing: string): string {
  return `devices/${thing}`;
}

/** Null where the stage lists no data endpoint of AWS's. */
export function agentLine(stage: Stage, thing: string, folder = deviceFolder(thing)): string | null {
  const endpoint = stage.node.endpoints.find(({ data }) => data !== undefined);
  if (endpoint?.data === undefined || stage.devices === undefined) return null;
  const scheme = stage.certificate === undefined ? 'http' : 'https';
  const credentials =
    endpoint.credentials === undefined
      ? []
      : ['--role-alias', identityNames(stage).roleAlias, '--credentials-endpoint', endpoint.credentials];
  return [
    ...['./pinhole', 'agent', '--proxy', `${scheme}://${stage.name}:443`, '--endpoint', endpoint.data, '--thing', thing, ...credentials],
    ...['--cert', `${folder}/${DEVICE_FILES.certificate}`, '--key', `${folder}/${DEVICE_FILES.key}`],
    ...['--topic', `${stage.devices.topics}/${thing}/hello`],
  ]
    .map(shellWord)
    .join(' ');
}

/** As a shell takes it for one word: the folder is whatever somebody has called it. */
function shellWord(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

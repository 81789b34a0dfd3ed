// What an instance is told at its first start: the files of cdk/host, its settings, and one of them to run. Pure but for reading those files;
// values may be tokens of CloudFormation.

import { readFileSync } from 'node:fs';

/** EC2 takes 16 KiB before it is encoded (EC2 guide, user data). */
export const USER_DATA_BYTES_MAX = 16_384;

const LIBRARY = '/usr/local/lib/pinhole';
const UNITS = '/etc/systemd/system';

export interface InstanceFiles {
  /** Run last; one of `programs`. */
  readonly boot: string;
  /** Files of cdk/host, by name. */
  readonly programs: readonly string[];
  /** Files of cdk/host, and the names that systemd knows them by. */
  readonly units: Readonly<Record<string, string>>;
  /** More of cdk/host, by name, and the paths at which others look for them. */
  readonly executables: Readonly<Record<string, string>>;
  /** `/etc/pinhole/deploy.env`, as a shell and as systemd read it. */
  readonly env: Readonly<Record<string, string>>;
  /** More files by path, with their text. */
  readonly texts: Readonly<Record<string, string>>;
}

export function renderUserData({ boot, programs, units, executables, env, texts }: InstanceFiles): string {
  const env_ = Object.entries(env).map(([name, value]) => `${name}='${value}'\n`);
  return [
    '#!/bin/bash\nset -euo pipefail\n',
    `install -d /etc/pinhole ${LIBRARY}\n`,
    file('/etc/pinhole/deploy.env', env_.join('')),
    ...Object.entries(texts).map(([path, text]) => file(path, text)),
    ...['common', ...programs].map((name) => file(`${LIBRARY}/${name}`, hostFile(name))),
    ...Object.entries(units).map(([name, as]) => file(`${UNITS}/${as}`, hostFile(name))),
    ...Object.entries(executables).map(([name, path]) => file(path, hostFile(name))),
    `chmod 0755 ${[`${LIBRARY}/*`, ...Object.values(executables)].join(' ')}\n`,
    `exec ${LIBRARY}/${boot}\n`,
  ].join('');
}

/** The closing word stands in no file of ours; a test looks. */
function file(path: string, text: string): string {
  return `install -D /dev/stdin ${path} -m 0644 <<'END_OF_FILE'\n${text.replace(/\n*$/, '\n')}END_OF_FILE\n`;
}

function hostFile(name: string): string {
  return readFileSync(new URL(`host/${name}`, import.meta.url), 'utf8');
}

// For tests of this folder and of proxy/cli: files in memory, and real certificates made once per run.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { type Loaded, loadConfig, type Machine, type Problem, renderProblem } from './load.ts';

export const DATA = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
export const CREDENTIALS = 'c9d8e7f6a5b4c3.credentials.iot.eu-west-1.amazonaws.com';
export const MACHINE: Machine = { cores: 2, nofile: 1_048_576, uid: 1000 };

/** One listener, one endpoint: the least that is good. */
export const MINIMAL = `listen:
  - address: 127.0.0.1:8443
endpoints:
  - name: production
    data: ${DATA}
`;

export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/** A self-signed certificate for these DNS names, valid from now on for 90 days. */
export function makeCertificate(names: readonly string[]): Pair {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-test-'));
  try {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const alternatives = names.map((name) => `DNS:${name}`).join(',');
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        ...curve,
        '-keyout',
        key,
        '-out',
        certificate,
        '-days',
        '90',
        '-subj',
        '/CN=test',
        '-addext',
        `subjectAltName=${alternatives}`,
      ],
      { stdio: 'ignore' },
    );
    return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface World {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** By absolute path; the configuration itself is /etc/pinhole/pinhole.yaml. */
  readonly files?: Readonly<Record<string, string>>;
  readonly machine?: Partial<Machine>;
  readonly nowMs?: number;
}

export const FILE = '/etc/pinhole/pinhole.yaml';

export function readFrom(files: Readonly<Record<string, string>>): (path: string) => string {
  return (path) => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
    return text;
  };
}

export function load(text: string, world: World = {}): Loaded {
  const machine = { ...MACHINE, ...world.machine };
  return loadConfig(text, FILE, world.env ?? {}, readFrom(world.files ?? {}), machine, world.nowMs ?? systemClock.wallMs());
}

/** `LINE:COL: path: message`, in the file's order. */
export function problemsOf(text: string, world: World = {}): string[] {
  const loaded = load(text, world);
  return 'problems' in loaded ? shown(loaded.problems) : [];
}

export function shown(problems: readonly Problem[]): string[] {
  return problems.map((problem) => renderProblem('', problem).slice(1));
}

// A machine of its own for the scripts of an instance: user namespace, /etc and the folders they write to replaced by temporary ones, and
// stand-ins for AWS's CLI and for systemctl that note what they are asked. The scripts themselves run as they are.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

export interface FakeHost {
  /** Runs it as root of its own namespace, to its end. */
  run(script: string, options?: { readonly timeoutMs?: number }): Promise<{ readonly code: number | null; readonly err: string }>;
  /** What was asked of the stand-ins, a line each. */
  calls(): string[];
  /** Answers of the stand-in `aws`, by the beginning of its words; a text, or a number to fail with. */
  answer(words: string, said: string | number): void;
  /** A file of the machine; null where it is not there. */
  read(path: string): string | null;
  write(path: string, text: string, mode?: number): void;
}

/** Why namespaces cannot be made here; null where they can. */
export function whyNoNamespaces(): string | null {
  const { status, stderr, error } = spawnSync('unshare', ['-rm', 'true'], { encoding: 'utf8' });
  return status === 0 ? null : (error?.message ?? stderr.trim());
}

const MOUNTED = ['etc', 'opt', 'usr/local/lib', 'var/log'] as const;

/** Answers by the file whose name its words begin with, the longest first; fails loudly where there is none. */
const AWS = `#!/bin/bash
echo "aws $*" >>FOLDER/calls
while IFS= read -r words; do
  case "$*" in
    "$words"*)
      answer=FOLDER/answers/$(printf %s "$words" | tr '/ ' '__')
      if [ -f "$answer.code" ]; then exit "$(cat "$answer.code")"; fi
      case "$1 $2" in 's3 cp') cp "$answer" "\${@: -1}" ;; *) cat "$answer" ;; esac
      exit ;;
  esac
done < <(awk '{ print length, $0 }' FOLDER/answers/index | sort -rn | cut -d' ' -f2-)
echo "the stand-in has no answer for: $*" >&2
exit 254
`;

const CURL = `#!/bin/bash
echo "curl \${@: -1}" >>FOLDER/calls
case "\${@: -1}" in
  */api/token) printf token ;;
  */meta-data/instance-id) printf i-0aaaaaaaaaaaaaaaa ;;
  */meta-data/autoscaling/target-lifecycle-state) cat FOLDER/lifecycle 2>/dev/null || printf InService ;;
  */ready) exit "$(cat FOLDER/ready 2>/dev/null || echo 0)" ;;
  *) exit 6 ;;
esac
`;

const SAYS_YES = `#!/bin/bash
echo "$(basename "$0") $*" >>FOLDER/calls
`;

export function fakeHost(t: TestContext): FakeHost {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-host-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of [...MOUNTED, 'bin', 'answers']) mkdirSync(join(folder, name), { recursive: true });
  // Users and groups are looked up there; `pinhole` is a group that only the release makes.
  execFileSync('cp', ['-a', '/etc/passwd', '/etc/nsswitch.conf', '/etc/alternatives', join(folder, 'etc')]);
  writeFileSync(join(folder, 'etc/group'), 'root:x:0:\npinhole:x:0:\n');
  mkdirSync(join(folder, 'etc/systemd/system'), { recursive: true });
  const program = (name: string, text: string): void => {
    writeFileSync(join(folder, 'bin', name), text.replaceAll('FOLDER', folder));
    chmodSync(join(folder, 'bin', name), 0o755);
  };
  program('aws', AWS);
  program('curl', CURL);
  for (const name of ['systemctl', 'dnf', 'apt-get']) program(name, SAYS_YES);

  const host: FakeHost = {
    run: (script, { timeoutMs = 60_000 } = {}) => run(folder, script, timeoutMs),
    calls: () => (existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') : []),
    answer(words, said) {
      const file = join(folder, 'answers', words.replaceAll(/[/ ]/g, '_'));
      rmSync(`${file}.code`, { force: true });
      writeFileSync(typeof said === 'number' ? `${file}.code` : file, String(said));
      writeFileSync(join(folder, 'answers/index'), `${words}\n`, { flag: 'a' });
    },
    read: (path) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : null),
    write(path, text, mode = 0o644) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text.replaceAll('FOLDER', folder), { mode });
    },
  };
  return host;
}

function run(folder: string, script: string, timeoutMs: number): Promise<{ code: number | null; err: string }> {
  writeFileSync(join(folder, 'script'), script);
  const mounts = MOUNTED.map((name) => `mount --bind ${folder}/${name} /${name}`).join(' && ');
  const child = spawn('unshare', ['-rm', 'bash', '-c', `${mounts} && PATH=${folder}/bin:/usr/bin:/bin exec bash ${folder}/script`], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: timeoutMs,
  });
  let err = '';
  child.stderr.on('data', (part) => (err += String(part)));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, err })));
}

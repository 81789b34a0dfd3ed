// Programs that the clients are, and what says so loudly where one is missing.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { whyNoOwnHosts } from './own-hosts.ts';
import { whyNoOwnNetwork } from './own-network.ts';

/** Programs by the Debian package that brings them. */
const PACKAGES = {
  curl: 'curl',
  openssl: 'openssl',
  mosquitto_pub: 'mosquitto-clients',
  mosquitto_sub: 'mosquitto-clients',
  socat: 'socat',
  python3: 'python3',
  prlimit: 'util-linux',
  'systemd-notify': 'systemd',
} as const;

/** `own hosts file`: a mount namespace, in which a name leads where the test wants it; `own network`: a network namespace. */
export type Need = keyof typeof PACKAGES | 'own hosts file' | 'own network';

const known = new Map<Need, string | null>();

/** What is missing here, or null. */
export function whatIsMissing(needs: readonly Need[]): string | null {
  for (const need of needs) {
    const why = known.get(need) ?? look(need);
    known.set(need, why);
    if (why !== null) return why;
  }
  return null;
}

function look(need: Need): string | null {
  if (need === 'own hosts file') return whyNoOwnHosts();
  if (need === 'own network') return whyNoOwnNetwork();
  const found = spawnSync('sh', ['-c', `command -v ${need}`], { timeout: 5_000 }).status === 0;
  return found ? null : `${need} is not installed (Debian package ${PACKAGES[need]})`;
}

/** True where the case cannot run: said on the console and in the report, and a failure where it was promised that everything runs. */
export function cannotRun(context: TestContext, needs: readonly Need[] = []): boolean {
  const missing = whatIsMissing(needs);
  if (missing === null) return false;
  const line = `NOT RUN: ${context.name}: ${missing}`;
  process.stderr.write(`\n*** ${line}\n\n`);
  context.diagnostic(line);
  assert.notEqual(process.env['PINHOLE_NO_SKIPS'], '1', line);
  context.skip(line);
  return true;
}

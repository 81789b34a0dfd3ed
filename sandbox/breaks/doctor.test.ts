// The doctor in every broken world, over real sockets and a real node: the verdicts of the table in breaks.ts. One site for all of them; a few worlds at a
// time, those first that have to wait for silence.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '../../agent/clock.ts';
import { causeOf } from '../../agent/doctor/causes.ts';
import { diagnose } from '../../agent/doctor/diagnose.ts';
import { loadDoctorFiles } from '../../agent/doctor/files.ts';
import type { Verdict } from '../../agent/doctor/findings.ts';
import { parseDoctorOptions } from '../../agent/doctor/options.ts';
import { renderJson, renderVerdict } from '../../agent/doctor/render.ts';
import { BREAK_NAMES, type BreakName, breakOf, idleCut } from './breaks.ts';
import { startBrokenWorld } from './broken-world.ts';
import { type Site, startSite } from './site.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const AT_ONCE = 6;
/** AWS's clock is everybody's: this world is alone. */
const ALONE: readonly BreakName[] = BREAK_NAMES.filter((name) => breakOf(name).aheadMs !== undefined);
const SILENT: readonly BreakName[] = ['idle-cut', 'black-hole', 'one-address-dead', 'big-hello'];

/** Longer than a busy machine stands still. */
const FORGET_MS = 10_000;

/** Two addresses for each world. */
function addressesOf(name: BreakName): readonly [string, string] {
  const first = 2 * BREAK_NAMES.indexOf(name) + 1;
  return [`127.0.3.${first}`, `127.0.3.${first + 1}`];
}

async function diagnoseIn(site: Site, name: BreakName): Promise<Verdict> {
  const differs = name === 'idle-cut' ? idleCut(FORGET_MS) : {};
  const world = await startBrokenWorld({ site, name, addresses: addressesOf(name), differs });
  try {
    const readFile = (path: string): string => readFileSync(path, 'utf8');
    const parsed = parseDoctorOptions(world.flags);
    assert.equal(parsed.kind, 'options', JSON.stringify(parsed));
    const { options } = parsed as Extract<typeof parsed, { kind: 'options' }>;
    const files = loadDoctorFiles(options.files, readFile);
    assert.ok(files.ok, JSON.stringify(files));
    const lookup = (): Promise<string[]> => Promise.reject(new Error('the world has a name server of its own'));
    return await diagnose(options, files.texts, { clock: systemClock, random: Math.random, env: world.env, lookup, readFile });
  } finally {
    await world.stop();
  }
}

describe('the doctor', () => {
  const dir = mkdtempSync(join(tmpdir(), 'pinhole-breaks-'));
  const verdicts = new Map<BreakName, Verdict>();
  let site: Site;

  before(
    async () => {
      const all = BREAK_NAMES.flatMap(addressesOf) as [string, ...string[]];
      site = await startSite({ dir, addresses: all, tell: () => {} });
      const others = BREAK_NAMES.filter((name) => !SILENT.includes(name) && !ALONE.includes(name));
      const waiting = [...SILENT, ...others];
      const work = async (): Promise<void> => {
        for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) verdicts.set(name, await diagnoseIn(site, name));
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      for (const name of ALONE) verdicts.set(name, await diagnoseIn(site, name));
    },
    { timeout: 120_000 },
  );
  after(async () => {
    await site.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  for (const name of BREAK_NAMES) {
    const { expects } = breakOf(name);
    test(`in ${name}: ${expects === null ? 'all good' : `${expects.cause}, seen by ${expects.check}, for the ${causeOf(expects.cause).fixer}`}`, () => {
      const verdict = verdicts.get(name)!;
      const shown = renderVerdict(verdict);
      const grave = verdict.findings.filter(({ isRemark }) => !isRemark);
      const isRemark = expects !== null && causeOf(expects.cause).isRemark === true;
      assert.deepEqual(
        grave.map(({ cause }) => cause),
        expects === null || isRemark ? [] : [expects.cause],
        shown,
      );
      assert.equal(verdict.isGood, expects === null || isRemark, shown);
      const found = verdict.findings.find(({ cause }) => cause === expects?.cause);
      assert.equal(found?.fixer, expects === null ? undefined : causeOf(expects.cause).fixer);
      if (expects !== null) assert.ok(found?.checks.includes(expects.check), shown);
    });
  }

  test('every check is good somewhere in the healthy world, save the silence that nobody asked for', () => {
    const { sights } = verdicts.get('healthy')!;
    const good = new Set(sights.filter(({ mark }) => mark === 'good').map(({ check }) => check));
    assert.deepEqual(
      sights.filter(({ mark }) => mark !== 'good').map(({ check, skipped }) => [check, skipped]),
      [],
    );
    assert.equal(good.has('mqtt') && good.has('credentials') && good.has('large-hello') && good.has('clock'), true);
  });

  test('no token, login or key is in anything that it says', () => {
    const { good, wrong, full } = site.logins;
    const logins = [good, wrong, full].map((file) => readFileSync(file, 'utf8').trim());
    const secrets = logins.flatMap((login) => [login.split(':')[1] ?? '', Buffer.from(login).toString('base64')]);
    assert.ok(secrets.every((secret) => secret.length > 20));
    for (const [name, verdict] of verdicts) {
      const said = `${renderVerdict(verdict)}${renderJson(verdict)}`;
      for (const secret of secrets) assert.ok(!said.includes(secret), name);
      assert.doesNotMatch(said, /PRIVATE KEY|Security-Token|ASIA/, name);
    }
  });

  test('as one file it says the same, on the Node that this machine has too', { timeout: 60_000 }, async (t) => {
    const file = join(dir, 'pinhole-doctor.mjs');
    await run(process.execPath, [join(ROOT, 'agent/doctor/bundle.ts'), file]);
    for (const node of new Set([process.execPath, '/usr/bin/node'])) {
      for (const [name, code] of [
        ['healthy', 0],
        ['captive-407', 1],
      ] as const) {
        await t.test(`${node}, ${name}`, async () => {
          const world = await startBrokenWorld({ site, name, addresses: addressesOf(name) });
          try {
            // From another folder, where there is no package to be found.
            const ended = run(node, [file, ...world.flags, '--json'], { cwd: dir, env: world.env });
            const { stdout } =
              code === 0
                ? await ended
                : await ended.then(
                    () => assert.fail('it found nothing'),
                    (error: { stdout: string }) => error,
                  );
            const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: { cause: string }[] };
            assert.deepEqual([ok, findings.map(({ cause }) => cause)], code === 0 ? [true, []] : [false, ['login-wanted']]);
          } finally {
            await world.stop();
          }
        });
      }
    }
  });
});

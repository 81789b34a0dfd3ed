// Prometheus' own programs, where the machine has them (Debian's package `prometheus` has both).

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../../bench/ports.ts';

const run = promisify(execFile);
const HOST = '127.0.0.1';
const TOOL_WITHIN_MS = 60_000;
const UNTIL_WITHIN_MS = 20_000;

export interface Said {
  readonly ok: boolean;
  readonly text: string;
}

/** Or why there is none here. */
export async function findPrometheus(): Promise<string | null> {
  for (const program of ['promtool', 'prometheus']) {
    const found = await run(program, ['--version']).then(
      () => true,
      () => false,
    );
    if (!found) return `${program} is not on the PATH (Debian: apt install prometheus)`;
  }
  return null;
}

export async function promtool(args: readonly string[], input = ''): Promise<Said> {
  const child = spawn('promtool', args, { timeout: TOOL_WITHIN_MS });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  child.stdin.on('error', () => {}).end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { ok: code === 0, text };
}

export interface Prometheus {
  /** Asks until it is so; throws after a while. A scrape that is late leaves the series of its target out until the next one. */
  until(expression: string): Promise<void>;
  /** What the targets of a job said of each metric. */
  metadata(job: string): Promise<Record<string, Metadata>>;
  /** Each kind of health that a rule has, and the rules in their order. */
  rules(): Promise<{ readonly health: readonly string[]; readonly names: readonly string[] }>;
}

export interface Metadata {
  readonly metric: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
}

/** Each target is a job of its own, asked four times a second. */
export async function startPrometheus(t: TestContext, targets: Readonly<Record<string, string>>, rules: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-prometheus-'));
  const config = {
    global: { scrape_interval: '250ms', scrape_timeout: '250ms', evaluation_interval: '250ms' },
    rule_files: ['rules.yaml'],
    scrape_configs: Object.entries(targets).map(([job, target]) => ({ job_name: job, static_configs: [{ targets: [target] }] })),
  };
  writeFileSync(join(folder, 'rules.yaml'), rules);
  writeFileSync(join(folder, 'prometheus.yaml'), JSON.stringify(config));
  const address = `${HOST}:${await freePort(HOST)}`;
  const flags = { 'config.file': 'prometheus.yaml', 'storage.tsdb.path': 'data', 'web.listen-address': address, 'log.level': 'error' };
  const child = spawn(
    'prometheus',
    Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
    { cwd: folder, stdio: 'ignore' },
  );
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true });
  });
  const ask = async (path: string): Promise<unknown> => ((await (await fetch(`http://${address}/api/v1/${path}`)).json()) as Answer).data;
  const query = async (expression: string): Promise<readonly unknown[]> =>
    ((await ask(`query?query=${encodeURIComponent(expression)}`)) as { result: readonly unknown[] }).result;
  return {
    async until(expression) {
      for (const untilMs = Date.now() + UNTIL_WITHIN_MS; Date.now() < untilMs; await setTimeout(50)) {
        const found = await query(expression).catch(() => []);
        if (found.length > 0) return;
      }
      throw new Error(`this did not come about: ${expression}`);
    },
    async metadata(job) {
      const told = (await ask(`targets/metadata?match_target=${encodeURIComponent(`{job="${job}"}`)}`)) as readonly Metadata[];
      return Object.fromEntries(told.map((one) => [one.metric, one]));
    },
    async rules() {
      const { groups } = (await ask('rules')) as { groups: readonly { rules: readonly { name: string; health: string }[] }[] };
      const all = groups.flatMap((group) => group.rules);
      return { health: [...new Set(all.map(({ health }) => health))], names: all.map(({ name }) => name) };
    },
  };
}

interface Answer {
  readonly data: unknown;
}

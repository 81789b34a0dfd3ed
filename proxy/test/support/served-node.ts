// A whole node as an operator starts it: `pinhole serve` on a configuration of its own, asked by the commands.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { NodeStatus } from '../../control/node-status.ts';
import { ServeProcess, until } from './fake-serve.ts';

export const PINHOLE = fileURLToPath(new URL('../../../pinhole', import.meta.url));

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function pinhole(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(PINHOLE, args, (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }));
  });
}

export interface ServedNode {
  readonly folder: string;
  readonly runtime: string;
  readonly file: string;
  serve(): ServeProcess;
}

/**
 * `changes` are lines of YAML for top-level keys, in place of those here. `nofile` is the most descriptors that each of its processes
 * may hold.
 */
export function servedNode(t: TestContext, changes: readonly string[] = [], nofile?: number): ServedNode {
  const folder = mkdtempSync(join(tmpdir(), 'node-'));
  const runtime = join(folder, 'run');
  const file = join(folder, 'pinhole.yaml');
  const text = [
    'node: { name: test-1 }',
    'listen: [{ address: "127.0.0.1:0", doors: [connect] }]',
    'endpoints: [{ name: production, data: a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com }]',
    'health: { address: "127.0.0.1:0" }',
    'admin: { address: "127.0.0.1:0" }',
    'limits: { tunnels: 100 }',
    'carriers: 2',
    'drain: { stop: 2s }',
    'probe: off',
    `runtime: ${runtime}`,
  ].filter((line) => !changes.some((change) => change.startsWith(line.slice(0, line.indexOf(':') + 1))));
  writeFileSync(file, `${[...text, ...changes].join('\n')}\n`);
  const limit = nofile === undefined ? '' : `ulimit -n ${nofile} && `;
  const started: ServeProcess[] = [];
  t.after(async () => {
    for (const serve of started) serve.child.kill('SIGKILL');
    await Promise.all(started.map((serve) => serve.ended));
    // Children of one that was killed may write to it until they have seen that.
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  });
  return {
    folder,
    runtime,
    file,
    serve() {
      const serve = new ServeProcess(
        spawn('sh', ['-c', `${limit}exec "$0" serve -c "$1"`, PINHOLE, file], { stdio: ['ignore', 'pipe', 'pipe'] }),
      );
      started.push(serve);
      return serve;
    },
  };
}

export async function statusOf(runtime: string): Promise<NodeStatus> {
  const { code, stdout, stderr } = await pinhole('status', '--runtime', runtime, '--json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as NodeStatus;
}

/** The same, once every carrier has said how it is: for that it has a second too. */
export function wholeStatusOf(runtime: string): Promise<NodeStatus> {
  return until(async () => {
    const status = await statusOf(runtime);
    return status.carriers.every(({ status: own }) => own !== null) && status;
  }, 'a word of every carrier');
}

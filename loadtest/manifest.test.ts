// The manifest is YAML that says what the target says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { renderManifest } from './manifest.ts';
import type { AgentPlan } from './shared/agent-plan.ts';

const PLAN: AgentPlan = {
  ...{ url: 'ws://far-end.example.com/mqtt', beginsMs: 1_900_000_000_000, endsMs: 1_900_000_600_000, tunnels: 30_000, vus: 120 },
  ...{
    opensPerSecond: 300,
    work: { kind: 'ping', everySeconds: 60 },
    backoff: { firstMs: 1_000, capMs: 120_000 },
    clientIdPrefix: 'test-',
  },
};

test('as many pods as machines, through the proxy, with the version that is pinned, and the plan in a comment', () => {
  const text = renderManifest({ name: 'Hold_10k', plan: PLAN, parallelism: 3, proxy: 'http://fleet.example.com:443', k6Version: 'v2.2.0' });
  const manifest = parse(text) as {
    metadata: { name: string };
    spec: { parallelism: number; runner: { image: string; env: { name: string; value: string }[] } };
  };
  assert.equal(manifest.metadata.name, 'pinhole-loadtest-hold-10k');
  assert.equal(manifest.spec.parallelism, 3);
  assert.equal(manifest.spec.runner.image, 'grafana/k6:2.2.0');
  assert.deepEqual(manifest.spec.runner.env.find(({ name }) => name === 'HTTP_PROXY')?.value, 'http://fleet.example.com:443');
  const plan = /^# (\{.*\})$/m.exec(text)?.[1] ?? '';
  assert.deepEqual(JSON.parse(plan), PLAN);
});

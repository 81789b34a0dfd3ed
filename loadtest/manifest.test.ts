// The manifest is YAML that says what the target says, and the steps before it are those that it needs.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { type ManifestInput, manifestOf } from './manifest.ts';

const INPUT: ManifestInput = {
  ...{ name: 'Hold_10k', beginsMs: 1_900_000_000_000, endsMs: 1_900_000_600_000, machines: 3, generators: 2 },
  ...{ proxy: 'http://fleet.example.com:443', k6Version: 'v2.2.0', caFile: null },
  ...{ planFile: '/home/me/plan.json', script: '/src/loadtest/k6/agents.ts' },
};

interface TestRun {
  metadata: { name: string };
  spec: {
    parallelism: number;
    script: { configMap: { name: string; file: string } };
    runner: {
      image: string;
      env: { name: string; value: string }[];
      volumes?: { name: string; configMap: { name: string } }[];
      volumeMounts?: { name: string; mountPath: string }[];
    };
  };
}

const read = (input: ManifestInput): TestRun => parse(manifestOf(input).yaml) as TestRun;

describe('the manifest', () => {
  const { metadata, spec } = read(INPUT);

  test('has a pod for each k6 process of each machine', () => assert.equal(spec.parallelism, 6));

  test('goes through the proxy, with the version that is pinned', () => {
    assert.equal(spec.runner.image, 'grafana/k6:2.2.0');
    assert.equal(spec.runner.env.find(({ name }) => name === 'HTTP_PROXY')?.value, 'http://fleet.example.com:443');
  });

  test('takes the archive that the steps make', () => {
    const { steps } = manifestOf(INPUT);
    assert.equal(metadata.name, 'pinhole-loadtest-hold-10k');
    assert.match(steps, /k6 archive -e PLAN=\/home\/me\/plan\.json -O archive\.tar \/src\/loadtest\/k6\/agents\.ts\n/);
    assert.ok(steps.includes(`kubectl create configmap ${spec.script.configMap.name} --from-file=${spec.script.configMap.file}\n`), steps);
    assert.match(steps, /begin at 2030-03-17T17:46:40\.000Z/);
    assert.doesNotMatch(steps, /roots/);
  });
});

test('roots of the target are mounted, and trusted', () => {
  const input = { ...INPUT, caFile: '/etc/my roots.pem' };
  const { runner } = read(input).spec;
  const [volume, mount] = [runner.volumes?.[0], runner.volumeMounts?.[0]];
  assert.equal(runner.env.find(({ name }) => name === 'SSL_CERT_FILE')?.value, `${mount?.mountPath}/roots.pem`);
  assert.equal(volume?.name, mount?.name);
  assert.ok(
    manifestOf(input).steps.includes(`kubectl create configmap ${volume?.configMap.name} --from-file=roots.pem='/etc/my roots.pem'\n`),
    manifestOf(input).steps,
  );
});

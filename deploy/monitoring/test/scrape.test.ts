// A real Prometheus asks a real node, in both forms, by the rules of this folder.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { METRICS } from '../../../proxy/core/metrics.ts';
import { ready } from '../../../proxy/test/support/fake-serve.ts';
import { servedNode, statusOf } from '../../../proxy/test/support/served-node.ts';
import { sayNotRun } from '../../../healthcheck/testing/not-run.ts';
import { ALERTS, RECORDINGS } from '../alerts.ts';
import { renderRules } from '../rules.ts';
import { findPrometheus, promtool, type Prometheus, startPrometheus } from '../testing/prometheus.ts';

const missing = await findPrometheus();
if (missing === null) tests();
else sayNotRun('a node at Prometheus', missing);

/** A way to the node on which the scraper likes only what is said here, where something is; and what the node's answers were. */
async function wayTo(t: TestContext, node: { readonly url: string }, accept?: string) {
  const types = new Set<string>();
  const server = createServer((request, response) => {
    if (node.url === '') return void response.writeHead(503).end();
    void fetch(`${node.url}${request.url}`, { headers: { accept: accept ?? request.headers.accept ?? '' } })
      .then(async (answer) => {
        const type = answer.headers.get('content-type') ?? '';
        types.add(type);
        response.writeHead(answer.status, { 'Content-Type': type }).end(await answer.text());
      })
      // The node ends with the test, and may be in the middle of an answer.
      .catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  return { target: `127.0.0.1:${(server.address() as AddressInfo).port}`, types };
}

function tests(): void {
  test('Prometheus scrapes a node in both forms, evaluates every rule on it, and promtool finds nothing to say of its metrics', async (t) => {
    // First, since it looks at its targets only some seconds after its start.
    const node = { url: '' };
    const open = await wayTo(t, node);
    const plain = await wayTo(t, node, 'text/plain;version=0.0.4');
    const prometheus = await startPrometheus(t, { pinhole: open.target, 'pinhole-text': plain.target }, renderRules());

    const { runtime, serve: start } = servedNode(t, ['carriers: 1']);
    const serve = start();
    await ready(serve);
    await serve.line('control-ready');
    node.url = `http://127.0.0.1:${(await statusOf(runtime)).health.port}`;
    const text = await (await fetch(`${node.url}/metrics`)).text();
    assert.deepEqual(await promtool(['check', 'metrics'], text), { ok: true, text: '' });

    await prometheus.until('count(up == 1) == 2');
    // A machine with other work lets a carrier be late.
    await prometheus.until('count(pinhole_ready == 1) == 2');
    await prometheus.until('count(pinhole_carriers{state="ready"} == 1) == 2');
    assert.deepEqual([...open.types], ['application/openmetrics-text; version=1.0.0; charset=utf-8']);
    assert.deepEqual([...plain.types], ['text/plain; version=0.0.4; charset=utf-8']);

    await prometheus.until('count(pinhole_bytes_total) == 4');
    // The two were asked at different moments, so their counts may differ; their bounds may not.
    const sameBounds = 'count(pinhole_open_seconds_bucket{job="pinhole"} + on(stage, le) pinhole_open_seconds_bucket{job="pinhole-text"})';
    await prometheus.until(`${sameBounds} == ${7 * 14}`);
    await assertKnows(prometheus);
    const { health, names } = await prometheus.rules();
    assert.deepEqual(health, ['ok']);
    assert.deepEqual(names.toSorted(), [...RECORDINGS.map(({ record }) => record), ...ALERTS.map(({ name }) => name)].toSorted());
  });
}

/** By OpenMetrics it knows each metric's help, type and unit. */
async function assertKnows(prometheus: Prometheus): Promise<void> {
  const known = await prometheus.metadata('pinhole');
  for (const [name, { kind, help }] of Object.entries(METRICS)) {
    // This node has no door with TLS.
    if (name === 'pinhole_certificate_expiry_seconds') continue;
    const told = known[name.replace(/_total$/, '')];
    assert.ok(told, `${name} is not known`);
    assert.equal(told.type, kind);
    assert.equal(told.help, help);
  }
  assert.equal(known['pinhole_open_seconds']?.unit, 'seconds');
  assert.equal(known['pinhole_bytes']?.unit, 'bytes');
}

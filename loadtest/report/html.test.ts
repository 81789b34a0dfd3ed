import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { RunRecord } from '../run-record.ts';
import { madeRun } from '../testing/made-run.ts';
import { renderHtml } from './html.ts';
import { findBrowser, look, openBrowser } from '../testing/picture.ts';
import { summarise } from './summary.ts';
import { HTML_NAME, writeReport } from './write.ts';

const EVIL = `<script>alert(1)</script>"'&</style><!--`;
const storm = madeRun({ kill: { after: 60, backPerSecond: 400 } });
const evil: RunRecord = {
  ...storm,
  troubles: [EVIL],
  scenario: { ...storm.scenario, name: EVIL, summary: EVIL, thresholds: [{ figure: 'openSuccess', is: 'at least', value: 1, why: EVIL }] },
  honesty: { ...storm.honesty, versions: { [EVIL]: EVIL } },
  marks: [...storm.marks, { at: 10, what: EVIL, event: null, isPlanned: false, node: EVIL, tunnels: null }],
  seconds: storm.seconds.map((second) => ({
    ...second,
    agents: { ...second.agents, failed: { [EVIL]: 1 } },
    nodes: { ...second.nodes, [EVIL]: null },
  })),
  probe: storm.probe && { ...storm.probe, refusals: [{ status: 503, reason: EVIL, count: 1, retryAfterSeconds: null }] },
};
const cut: RunRecord = {
  ...storm,
  ended: 'interrupted',
  probe: null,
  descriptors: null,
  seconds: storm.seconds.slice(0, 30).map((second) => ({ ...second, nodes: {}, roles: {}, kernel: null, farEnd: null })),
};
const empty: RunRecord = { ...storm, ended: 'broken', seconds: [], phases: [], marks: [], probe: null, descriptors: null };

describe('the page of a report', () => {
  test('has the verdict before everything that was measured', () => {
    const page = renderHtml(summarise(storm));
    assert.ok(page.indexOf('class="verdict pass"') > 0 && page.indexOf('class="verdict pass"') < page.indexOf('<figure'));
  });

  test('says on top that its numbers were made up', () => {
    assert.match(renderHtml(summarise(storm)), /<strong>Synthetic\.<\/strong>/);
    assert.doesNotMatch(renderHtml({ ...summarise(storm), isSynthetic: false }), /Synthetic/);
  });

  test('says whose share it is, where one machine of several was measured', () => {
    const shared = renderHtml(summarise({ ...storm, machine: { number: 2, of: 3 } }));
    assert.match(shared, /machine 2 of 3, which share 6,000 tunnels/);
    assert.doesNotMatch(renderHtml(summarise(storm)), /machine \d of/);
  });

  test('lets run what is in it and nothing else: the policy has the hash of each script and style', () => {
    const page = renderHtml(summarise(storm));
    const policy = /Content-Security-Policy"\s+content="([^"]+)"/.exec(page)?.[1]?.replaceAll('&#39;', "'") ?? '';
    assert.match(
      policy,
      /^default-src 'none'; style-src 'sha256-[^ ]+'; script-src 'sha256-[^ ]+' 'sha256-[^ ]+'; base-uri 'none'; form-action 'none'$/,
    );
    for (const [, text = ''] of page.matchAll(/<(?:script|style)>([^]*?)<\/(?:script|style)>/g)) {
      assert.ok(policy.includes(createHash('sha256').update(text).digest('base64')), text.slice(0, 60));
    }
    assert.doesNotMatch(page, /\sstyle="|\son\w+="|src="|href="/);
  });

  test('escapes whatever a run can say', () => {
    const page = renderHtml(summarise(evil));
    assert.ok(!page.includes(EVIL) && !page.includes('alert(1)</script>'));
    assert.equal(page.match(/<\/style>/g)?.length, 1);
    assert.equal(page.match(/<script/g)?.length, 3);
  });
});

const browserPath = findBrowser(process.env['PATH'] ?? '');
if (browserPath === null && process.env['PINHOLE_NO_SKIPS'])
  throw new Error('no Chromium on the PATH, and nothing may be skipped: apt install chromium');

describe('in a browser', { skip: browserPath === null ? 'no Chromium on the PATH' : false }, () => {
  let browser: Browser;
  before(async () => (browser = await openBrowser(browserPath ?? '')));
  after(() => browser.close());

  for (const [name, record, canvases] of [
    ['a whole run', storm, 15],
    ['a run that says evil things', evil, 14],
    ['a run that was cut in its ramp', cut, 5],
    ['a run of which nothing was seen', empty, 0],
  ] as const) {
    for (const [width, isDark] of [
      [1_280, false],
      [390, true],
    ] as const) {
      test(`${name} is drawn without a complaint, and fits into ${width} pixels`, async () => {
        const folder = mkdtempSync(join(tmpdir(), 'pinhole-report-'));
        try {
          writeReport(record, folder);
          const looked = await look(browser, { page: join(folder, HTML_NAME), width, isDark, file: null });
          assert.deepEqual(looked, { complaints: [], isTooWide: false, canvases });
        } finally {
          rmSync(folder, { recursive: true });
        }
      });
    }
  }
});

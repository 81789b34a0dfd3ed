// The page of a real node in a real browser: what it shows, what it changes, and that it stays within its policy.

import assert from 'node:assert/strict';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, test, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { sayNotRun } from './hostile/not-run.ts';
import { findBrowser, isTooWide, openBrowser, visit, type Visit } from './support/browser.ts';
import { type LiveNode, liveNode, openTunnel, type Tunnel } from './support/live-node.ts';
import { until } from './support/relay.ts';
import { DATA_HOST } from './support/settings.ts';
import { statusOf } from './support/served-node.ts';
import { echo, startUpstream } from './support/upstream.ts';

const TOKEN = 'only-for-this-test';
const SECONDS = { timeout: 20_000 };
const MANY = 50_000;

const path = findBrowser(process.env['PATH'] ?? '');
if (path === null) sayNotRun('the page in a browser', 'no Chromium on the PATH: apt install chromium');
else describe('the page', () => runIn(path));

/** What `describe` hands to nobody: a node and a browser for all tests of this file. */
const owner = { after: (end: () => unknown) => ends.push(end) } as unknown as TestContext;
const ends: (() => unknown)[] = [];

function runIn(browserPath: string): void {
  let browser: Browser;
  let node: LiveNode;
  let url: string;
  const tunnels: Tunnel[] = [];

  before(async () => {
    const upstream = await startUpstream(echo);
    ends.push(() => upstream.close());
    node = await liveNode(owner, [
      'policy: { sni: off, alpn: off }',
      `endpoints: [{ name: production, data: ${DATA_HOST} }]`,
      `resolve: { pin: [{ host: ${DATA_HOST}, to: "127.0.0.1:${upstream.port}" }] }`,
      `admin: { address: "127.0.0.1:0", token: ${TOKEN}, peers: ["http://127.0.0.1:1"] }`,
    ]);
    for (let count = 0; count < 3; count += 1) tunnels.push(await openTunnel(owner, node.port, DATA_HOST));
    url = `http://127.0.0.1:${(await statusOf(node.runtime)).admin.port}/`;
    browser = await openBrowser(browserPath);
  });
  after(async () => {
    await browser?.close();
    for (const end of ends.toReversed()) await end();
  });

  const on = async (view: string, look: (visit: Visit) => Promise<void>, options = {}): Promise<void> => {
    const visited = await visit(browser, `${url}#${view}`, options);
    try {
      await look(visited);
      assert.deepEqual(visited.complaints, []);
    } finally {
      await visited.close();
    }
  };

  for (const [what, options] of [
    ['wide and light', { viewport: { width: 1_280, height: 900 }, colorScheme: 'light' }],
    ['narrow and dark', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' }],
  ] as const) {
    test(`shows every view without a complaint, none of them too wide: ${what}`, () =>
      on(
        'overview',
        async ({ page }) => {
          await page.getByText('Open tunnels').waitFor(SECONDS);
          await page.locator('canvas').nth(1).waitFor(SECONDS);
          while ((await page.title()) !== 'test-1 – Pinhole') await delay(20);
          await page.getByText('silent').waitFor(SECONDS);
          for (const [view, sign] of [
            ['tunnels', ''],
            ['decisions', 'OK'],
            ['health', 'event-loop'],
            ['configuration', '"policyVersion"'],
            ['overview', 'Scarcest'],
          ] as const) {
            assert.equal(await isTooWide(page), false, view);
            await page
              .getByRole('navigation')
              .getByRole('link', { name: new RegExp(`^${view}$`, 'i') })
              .click();
            if (view === 'tunnels') await page.locator('.space .row').nth(2).waitFor(SECONDS);
            else await page.getByText(sign).first().waitFor(SECONDS);
          }
        },
        options,
      ));
  }

  test('shows a decision as it is made, with its reason', () =>
    on('decisions', async ({ page }) => {
      await page.getByText('live', { exact: true }).waitFor(SECONDS);
      const socket = net.connect({ port: node.port, host: '127.0.0.1' });
      socket.end('CONNECT other.example.com:443 HTTP/1.1\r\nHost: other.example.com:443\r\n\r\n').resume();
      const row = page.locator('tr', { hasText: 'other.example.com:443' });
      await row.first().waitFor(SECONDS);
      assert.match(await row.first().innerText(), /TARGET_NOT_ALLOWED/);
      await page.getByRole('button', { name: 'allowed' }).click();
      await row.first().waitFor({ ...SECONDS, state: 'detached' });
    }));

  test('says what would be decided', () =>
    on('configuration', async ({ page }) => {
      await page.getByLabel('host').fill('other.example.com');
      await page.getByRole('button', { name: 'Explain' }).click();
      await page.getByText('TARGET_NOT_ALLOWED').waitFor(SECONDS);
      assert.ok(!(await page.content()).includes(TOKEN), 'the token is on the page');
    }));

  test('closes a tunnel by the keyboard alone, with the right token and no other', async () => {
    const visited = await visit(browser, `${url}#tunnels`);
    const { page } = visited;
    await page.locator('.space .row').nth(2).waitFor(SECONDS);
    await page.getByRole('searchbox').fill('no such tunnel');
    await page.getByText('No tunnel is like that.').waitFor(SECONDS);
    await page.getByRole('searchbox').fill(DATA_HOST.slice(0, 8).toUpperCase());
    await page.locator('.space .row').nth(2).waitFor(SECONDS);
    await page.getByRole('grid').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const close = page.getByRole('button', { name: 'Close this tunnel' });
    await close.waitFor(SECONDS);
    await close.press('Enter');
    await page.getByRole('button', { name: 'Close it' }).press('Enter');
    await page.getByLabel('admin.token').waitFor(SECONDS);
    await page.keyboard.type('not the token');
    await page.keyboard.press('Enter');
    await page.getByText('That is not the token.').waitFor(SECONDS);
    await page.getByLabel('admin.token').fill(TOKEN);
    await page.keyboard.press('Enter');
    await page
      .locator('.space .row')
      .nth(2)
      .waitFor({ ...SECONDS, state: 'detached' });
    // Which of them is first is for their carriers to say: they are of one age.
    assert.equal(tunnels.filter((tunnel) => tunnel.isOpen()).length, 2);
    // The record is written behind the close, at its own pace.
    await until(() => node.records('close').at(-1)?.['ended_by'] === 'operator');
    await visited.close();
  });

  test('drains, shows when the node will be empty, and ends that', async () => {
    const visited = await visit(browser, url);
    const { page } = visited;
    const answer = async (verb: string): Promise<void> => page.locator('dialog button[type=submit]', { hasText: verb }).click();
    await page.getByRole('button', { name: 'Drain…' }).click();
    await answer('Drain');
    await page.getByLabel('admin.token').fill(TOKEN);
    await answer('Drain');
    await page.getByText(/Empty in about/).waitFor(SECONDS);
    assert.match((await statusOf(node.runtime)).drain?.by ?? '', /^page \(admin address, from 127\.0\.0\.1 /);
    await page.getByRole('button', { name: 'End drain…' }).click();
    await answer('End the drain');
    await page.getByRole('button', { name: 'Drain…' }).waitFor(SECONDS);
    assert.equal((await statusOf(node.runtime)).drain, null);
    await visited.close();
  });

  test(
    'off loopback the browser asks for the token, and all of the page goes by what it was told, changes too',
    { timeout: 60_000 },
    async () => {
      const open = await liveNode(owner, [`admin: { address: "0.0.0.0:0", token: ${TOKEN} }`]);
      const at = `http://127.0.0.1:${(await statusOf(open.runtime)).admin.port}/`;
      for (const httpCredentials of [undefined, { username: 'ops', password: 'not the token' }]) {
        const stranger = await browser.newContext(httpCredentials ? { httpCredentials } : {});
        const page = await stranger.newPage();
        const answered = await page.goto(at).then(
          (answer) => String(answer?.status()),
          (error: unknown) => String(error),
        );
        assert.match(answered, /^401$|ERR_INVALID_AUTH_CREDENTIALS/);
        await stranger.close();
      }
      const visited = await visit(browser, at, { httpCredentials: { username: 'ops', password: TOKEN } });
      const { page } = visited;
      await page.getByText('live', { exact: true }).waitFor(SECONDS);
      await page.getByText('Scarcest').waitFor(SECONDS);
      await page.getByRole('button', { name: 'Drain…' }).click();
      await page.locator('dialog button[type=submit]', { hasText: 'Drain' }).click();
      await page.getByRole('button', { name: 'End drain…' }).waitFor(SECONDS);
      assert.match((await statusOf(open.runtime)).drain?.by ?? '', /^page \(admin address, from 127\.0\.0\.1 /);
      // The browser complains of the first answer to each kind of question, and of nothing else.
      assert.deepEqual(
        visited.complaints.filter((complaint) => !complaint.includes('401 (Unauthorized)')),
        [],
      );
      await visited.close();
    },
  );

  test(`holds ${MANY} tunnels as a few rows, and gets to the last`, () =>
    on('overview', async ({ page }) => {
      await page.route('**/tunnels?**', async (route) => {
        const query = new URL(route.request().url()).searchParams;
        const [offset, limit] = [Number(query.get('offset')), Number(query.get('limit'))];
        const rows = Array.from({ length: Math.min(limit, MANY - offset) }, (_, index) => manyRow(offset + index));
        const found = { atMs: 0, tunnels: MANY, matching: MANY, offset, silent: [], isPartial: false, rows };
        await route.fulfill({ json: found });
      });
      await page.getByRole('link', { name: 'Tunnels' }).click();
      await page.getByText('client-0', { exact: true }).waitFor(SECONDS);
      await page.getByRole('grid').focus();
      await page.keyboard.press('End');
      await page.getByText(`client-${MANY - 1}`, { exact: true }).waitFor(SECONDS);
      const rows = await page.locator('.space .row').count();
      assert.ok(rows < 100, `${rows} rows are in the page`);
      assert.equal(await page.locator(`[aria-rowindex="${MANY + 1}"]`).getAttribute('aria-selected'), 'true');
    }));
}

function manyRow(place: number): object {
  return {
    ...{
      id: String(place),
      client: `client-${place}`,
      target: 't',
      tenant: null,
      door: 'connect',
      endpoint: 'e',
      kind: 'data',
      upstream: 'u',
    },
    ...{ phase: 'relaying', ageMs: 1, idleMs: 1, bytesUp: 1, bytesDown: 1, generation: 1, carrier: 0, rate: 0 },
  };
}

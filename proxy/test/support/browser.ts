// Debian's Chromium, as somebody who opens the page of a node. What it complains of, and what it asks of other addresses, is kept.

import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

export { findBrowser, openBrowser } from '../../../loadtest/testing/picture.ts';

export interface Visit {
  readonly page: Page;
  /** What the browser complained of, the policy of the page included. */
  readonly complaints: string[];
  close(): Promise<void>;
}

export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(url).origin)) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints, close: () => context.close() };
}

/** Somebody would have to scroll sideways. */
export async function isTooWide(page: Page): Promise<boolean> {
  return (await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')) === true;
}

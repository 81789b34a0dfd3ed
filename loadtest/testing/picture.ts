// A report as a picture: node loadtest/testing/picture.ts REPORT.html OUT.png [--width 1280] [--dark]
// It takes the Chromium of this machine, and gives it no network: a page that asks for anything, or that its own policy stops, is an error.

import { accessSync, constants, realpathSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

const USAGE = `usage: node loadtest/testing/picture.ts REPORT.html OUT.png [--width PIXELS] [--dark]

  --width   of the window; 1280 unless given
  --dark    as somebody sees it who prefers dark colours`;
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];
const HEIGHT = 900;

export interface Picture {
  readonly page: string;
  readonly width: number;
  readonly isDark: boolean;
  /** PNG of the whole page; null: only look. */
  readonly file: string | null;
}

export interface Looked {
  /** What the browser complained of. */
  readonly complaints: readonly string[];
  /** The page is wider than the window: somebody has to scroll sideways. */
  readonly isTooWide: boolean;
  readonly canvases: number;
}

export function openBrowser(path: string): Promise<Browser> {
  // No sandbox of its own where this runs as root, as in a container; what it opens is our own page, and it has no network.
  return chromium.launch({ executablePath: path, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}

export async function look(browser: Browser, { page: path, width, isDark, file }: Picture): Promise<Looked> {
  const context = await browser.newContext({ viewport: { width, height: HEIGHT }, colorScheme: isDark ? 'dark' : 'light', offline: true });
  try {
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) complaints.push(`asked for ${request.url()}`);
    });
    await page.goto(pathToFileURL(resolve(path)).href);
    const canvases = await page.locator('canvas').count();
    const isTooWide = (await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')) === true;
    if (file !== null) await page.screenshot({ path: file, fullPage: true });
    return { complaints, isTooWide, canvases };
  } finally {
    await context.close();
  }
}

/** Null where this machine has none. */
export function findBrowser(path: string): string | null {
  const places = path.split(delimiter).flatMap((folder) => BROWSERS.map((name) => join(folder, name)));
  return places.find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      width: { type: 'string', default: '1280' },
      dark: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [page, file] = positionals;
  const width = Number(values.width);
  if (values.help || page === undefined || file === undefined || !Number.isInteger(width) || width < 200) {
    process.stderr.write(`${USAGE}\n`);
    return values.help ? 0 : 64;
  }
  const path = findBrowser(process.env['PATH'] ?? '');
  if (path === null) {
    process.stderr.write(`No Chromium on the PATH (looked for ${BROWSERS.join(', ')}). Debian: apt install chromium\n`);
    return 69;
  }
  const browser = await openBrowser(path);
  const { complaints } = await look(browser, { page, width, isDark: values.dark, file });
  await browser.close();
  for (const complaint of complaints) process.stderr.write(`the page complains: ${complaint}\n`);
  return complaints.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(realpathSync(process.argv[1] ?? '')).href) process.exitCode = await main(process.argv.slice(2));

// The report as one HTML file: charts, styles and data inside, nothing from the network, and nothing that was not made here can run in it.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Chart, ChartLine } from './page/chart.ts';
import { chartsOf, tableOf } from './page/charts.ts';
import { html, jsonText, type Markup } from './page/markup.ts';
import { honesty } from './page/honesty.ts';
import { costs, head, otherFigures, thresholds } from './page/judged.ts';
import { failures, latencies, probe, rates } from './page/measured.ts';
import { table } from './page/table.ts';
import type { Summary } from './summary.ts';
import { OUTCOMES } from './titles.ts';

export function renderHtml(summary: Summary): string {
  const charts = chartsOf(summary);
  return page(`${summary.scenario.name}: ${OUTCOMES[summary.verdict.outcome]}`, charts, [
    head(summary),
    html`<h2>Thresholds</h2>`,
    thresholds(summary),
    html`<h2>Charts</h2>
      <p class="soft">
        With the keyboard: Tab to a chart, arrows to move in it (Shift: ten steps), Escape to leave; drag to zoom, double-click to go back.
      </p>
      <div class="charts">${charts.map(figureOf)}</div>`,
    html`<h2>Asked for and achieved</h2>`,
    rates(summary),
    html`<h2>Latencies</h2>`,
    latencies(summary),
    html`<h2>What failed</h2>`,
    failures(summary),
    html`<h2>What the probe saw</h2>`,
    probe(summary),
    html`<h2>Costs</h2>`,
    costs(summary),
    html`<h2>Other figures</h2>`,
    otherFigures(summary),
    html`<h2>What to know before believing this</h2>`,
    honesty(summary),
  ]);
}

/** A whole page around the body; charts that have something to draw are drawn in it. */
export function page(title: string, charts: readonly Chart[], body: readonly Markup[]): string {
  const drawn = charts.filter(({ missing }) => missing === null);
  const plot = drawn.length === 0 ? null : plotFolder();
  const css = [plot === null ? '' : readFileSync(join(plot, 'uPlot.min.css'), 'utf8'), ownFile('page.css')].join('\n');
  const scripts = plot === null ? [] : [readFileSync(join(plot, 'uPlot.iife.min.js'), 'utf8'), ownFile('draw.mjs')];
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(css)}`,
    `script-src ${scripts.length === 0 ? "'none'" : scripts.map(hashOf).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const meta = html`<meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title}</title>`;
  const data = plot === null ? '' : `<script type="application/json" id="charts">${jsonText(drawn)}</script>\n`;
  // Written out and not as a template: the policy has the hash of what is between the tags, to the last blank.
  return [
    '<!doctype html>\n<html lang="en">\n<head>\n',
    meta.text,
    `\n<style>${css}</style>\n</head>\n<body>\n`,
    html`<main>${body}</main>`.text,
    `\n${data}${scripts.map((script) => `<script>${script}</script>\n`).join('')}</body>\n</html>\n`,
  ].join('');
}

function figureOf(chart: Chart): Markup {
  const { id, title, caption, missing, lines, marks, x, y } = chart;
  if (missing !== null)
    return html`<figure>
      <h3>${title}</h3>
      <p class="missing">${missing}</p>
    </figure>`;
  const numbers = tableOf(chart).map((cells) => cells.map((cell) => (cell === null ? '–' : String(Number(cell.toFixed(3))))));
  const titles = [x.isTime ? 'seconds' : x.label, ...lines.map(({ label }) => label)].map((title) => `#${title}`);
  return html`<figure id="chart-${id}">
    <h3>${title}</h3>
    <figcaption>${caption}</figcaption>
    <p class="axis">${y.label}${y.isLog ? ', each step ten times as much' : ''}</p>
    <div class="plot" tabindex="0" role="img" aria-label="${title}. ${caption}"></div>
    <p class="axis x">${x.label}</p>
    <p class="readout" aria-live="polite"></p>
    <div class="legend">${lines.map(legendButton)}</div>
    ${
      marks.length === 0
        ? ''
        : html`<ol class="marks">
            ${marks.map(({ at, words }) => html`<li>${words}, at ${Math.round(at)} s</li>`)}
          </ol>`
    }
    <details>
      <summary>Numbers</summary>
      ${table(titles, numbers)}
    </details>
  </figure>`;
}

function legendButton({ label, colour, look }: ChartLine): Markup {
  return html`<button type="button" aria-pressed="true"><span class="swatch ${look} c${colour}"></span>${label}</button>`;
}

function ownFile(name: string): string {
  return readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8');
}

function plotFolder(): string {
  return join(dirname(createRequire(import.meta.url).resolve('uplot/package.json')), 'dist');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

// What the run says: its head with the verdict, thresholds, figures and costs.

import { type Figure, grouped } from '../figure.ts';
import { FIGURE_NAMES } from '../figures.ts';
import type { Summary } from '../summary.ts';
import { OUTCOMES, TITLES } from '../titles.ts';
import { renderValue } from '../verdict.ts';
import { html, type Markup } from './markup.ts';
import { table } from './table.ts';

const CLASSES = { pass: 'pass', fail: 'fail', 'not a valid run': 'invalid' } as const;

export function head({ scenario, machine, honesty, began, totals, verdict, isSynthetic, ended }: Summary): Markup {
  const share = machine === null ? '' : `machine ${machine.number} of ${machine.of}, which share `;
  const nodes = honesty.isTarget ? 'a fleet of others' : `${scenario.nodes} node${scenario.nodes === 1 ? '' : 's'}`;
  const what = `${share}${grouped(scenario.tunnels)} tunnels through ${scenario.through === 'pinhole' ? nodes : scenario.through}`;
  const cut = ended === 'whole' ? '' : ended === 'interrupted' ? '; interrupted' : '; broken off';
  return html`<header>
    <h1>Load test “${scenario.name}”</h1>
    <p>${scenario.summary}</p>
    <p>${what}; began ${began.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}, ${duration(totals.seconds)}${cut}</p>
    ${isSynthetic ? html`<p class="note"><strong>Synthetic.</strong> This run never was: its numbers were made up by a program, to test the report.</p>` : ''}
    <p class="verdict ${CLASSES[verdict.outcome]}">${OUTCOMES[verdict.outcome]}</p>
    ${verdict.invalid.map((why) => html`<p class="note">${why}</p>`)}
  </header>`;
}

export function thresholds({ verdict, figures }: Summary): Markup {
  if (verdict.thresholds.length === 0) return html`<p class="soft">This scenario has no thresholds: it is there to be looked at.</p>`;
  const rows = verdict.thresholds.map(({ figure, is, value, why, isHeld }) => {
    const open = figures[figure].value === null ? 'not shown' : 'not sure';
    const [look, word] = isHeld === null ? ['invalid', open] : isHeld ? ['pass', 'held'] : ['fail', 'missed'];
    return [
      html`${TITLES[figure]}<br /><span class="soft">${why}</span>`,
      `${is} ${renderValue(figure, value)}`,
      valueOf(figures[figure], (got) => renderValue(figure, got)),
      html`<span class="tag ${look ?? ''}">${word ?? ''}</span>`,
      figures[figure].words,
    ];
  });
  return table(['threshold', '#wanted', '#got', 'verdict', 'from what'], rows, 'stack');
}

export function otherFigures({ verdict, figures }: Summary): Markup {
  const judged = new Set(verdict.thresholds.map(({ figure }) => figure));
  const rows = FIGURE_NAMES.filter((name) => !judged.has(name)).map((name) => [
    TITLES[name],
    valueOf(figures[name], (value) => renderValue(name, value)),
    figures[name].words,
  ]);
  return table(['figure', '#value', 'from what, or why there is none'], rows, 'stack');
}

export function costs({ costs: { cpuUsPerOpen, cpuUsPerMessage, emptyKib } }: Summary): Markup {
  const rows = [
    ['CPU of an open', valueOf(cpuUsPerOpen, (us) => `${us.toFixed(0)} µs`), cpuUsPerOpen.words],
    ['CPU of a message there and back', valueOf(cpuUsPerMessage, (us) => `${us.toFixed(1)} µs`), cpuUsPerMessage.words],
    ['Memory of all nodes without a tunnel', valueOf(emptyKib, (kib) => `${(kib / 1_024).toFixed(0)} MiB`), emptyKib.words],
  ];
  return table(['cost of the proxies', '#value', 'from what, or why there is none'], rows, 'stack');
}

export function valueOf({ value, never }: Figure, words: (value: number) => string): string {
  if (value === null) return never ? 'never' : '–';
  return words(value);
}

function duration(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${(seconds / 60).toFixed(1)} min`;
}

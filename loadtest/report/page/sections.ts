// The parts of a report's page besides its charts.

import { grouped } from '../figure.ts';
import { FIGURE_NAMES } from '../figures.ts';
import type { Percentiles } from '../percentiles.ts';
import type { Summary } from '../summary.ts';
import { OUTCOMES, TITLES } from '../titles.ts';
import { renderValue } from '../verdict.ts';
import { html, type Markup } from './markup.ts';

const CLASSES = { pass: 'pass', fail: 'fail', 'not a valid run': 'invalid' } as const;

export function head({ scenario, began, totals, verdict, isSynthetic, ended }: Summary): Markup {
  const what = `${grouped(scenario.tunnels)} tunnels through ${scenario.through === 'pinhole' ? `${scenario.nodes} nodes` : scenario.through}`;
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
    const tag = isHeld === null ? ['invalid', 'not shown'] : isHeld ? ['pass', 'held'] : ['fail', 'missed'];
    const got = figures[figure];
    return html`<tr>
      <td>${TITLES[figure]}<br /><span class="soft">${why}</span></td>
      <td class="number">${is} ${renderValue(figure, value)}</td>
      <td class="number">${got.value === null ? (got.never ? 'never' : '–') : renderValue(figure, got.value)}</td>
      <td><span class="tag ${tag[0] ?? ''}">${tag[1] ?? ''}</span></td>
      <td>${got.words}</td>
    </tr>`;
  });
  return table(['threshold', '#wanted', '#got', 'verdict', 'from what'], rows);
}

export function otherFigures({ verdict, figures }: Summary): Markup {
  const judged = new Set(verdict.thresholds.map(({ figure }) => figure));
  const rows = FIGURE_NAMES.filter((name) => !judged.has(name)).map(
    (name) =>
      html`<tr>
        <td>${TITLES[name]}</td>
        <td class="number">${valueOf(figures[name], (value) => renderValue(name, value))}</td>
        <td>${figures[name].words}</td>
      </tr>`,
  );
  return rows.length === 0
    ? html``
    : html`<h2>Other figures</h2>
        ${table(['figure', '#value', 'from what, or why there is none'], rows)}`;
}

export function costs({ costs: { cpuUsPerOpen, cpuUsPerMessage, emptyKib } }: Summary): Markup {
  const row = (name: string, figure: Summary['costs']['emptyKib'], words: (value: number) => string): Markup =>
    html`<tr>
      <td>${name}</td>
      <td class="number">${valueOf(figure, words)}</td>
      <td>${figure.words}</td>
    </tr>`;
  return table(
    ['cost', '#value', 'from what, or why there is none'],
    [
      row('CPU of an open', cpuUsPerOpen, (us) => `${us.toFixed(0)} µs`),
      row('CPU of a message there and back', cpuUsPerMessage, (us) => `${us.toFixed(1)} µs`),
      row('Memory of all nodes without a tunnel', emptyKib, (kib) => `${(kib / 1_024).toFixed(0)} MiB`),
    ],
  );
}

export function latencies({ percentiles }: Summary): Markup {
  if (percentiles.length === 0) return html`<p class="missing">Nothing was measured: no open succeeded and no message was answered.</p>`;
  const rows = percentiles.map(
    (row) =>
      html`<tr>
        <td class="name">${row.of}</td>
        <td class="name">${row.phase === 'all' ? 'whole run' : row.phase}</td>
        ${cellsOf(row)}
      </tr>`,
  );
  return html`${table(['of', 'phase', ...PERCENTILES], rows)}
    <p class="soft">Milliseconds, right within 3 %. An open and a message count from the moment for which they were planned.</p>`;
}

export function rates({ rates: rows }: Summary): Markup {
  if (rows.length === 0) return html`<p class="missing">No ramp and no step was run to its end.</p>`;
  const cells = rows.map(
    ({ phase, askedPerSecond, achievedPerSecond, isBeyondKnee }) =>
      html`<tr>
        <td>${phase}${isBeyondKnee ? ' (meant to be beyond the knee)' : ''}</td>
        <td class="number">${grouped(askedPerSecond)}/s</td>
        <td class="number">${grouped(achievedPerSecond)}/s</td>
        <td class="number">${askedPerSecond > 0 ? `${((achievedPerSecond / askedPerSecond) * 100).toFixed(1)} %` : '–'}</td>
      </tr>`,
  );
  return table(['phase', '#asked for', '#achieved', '#share'], cells);
}

export function failures({ failures: reasons, drops, totals }: Summary): Markup {
  const rows = [
    ...reasons.map(
      ({ name, count }) =>
        html`<tr>
          <td>open failed</td>
          <td class="name">${name}</td>
          <td class="number">${grouped(count)}</td>
        </tr>`,
    ),
    ...(totals.stuck > 0
      ? [
          html`<tr>
            <td>open neither came nor failed</td>
            <td></td>
            <td class="number">${grouped(totals.stuck)}</td>
          </tr>`,
        ]
      : []),
    ...drops.map(
      ({ name, count }) =>
        html`<tr>
          <td>session dropped, close code</td>
          <td class="name">${name}</td>
          <td class="number">${grouped(count)}</td>
        </tr>`,
    ),
  ];
  return rows.length === 0 ? html`<p class="missing">Nothing failed.</p>` : table(['what', 'reason', '#count'], rows);
}

export function probe({ probe: seen }: Summary): Markup {
  if (seen === null)
    return html`<p class="missing">
      The probe did not run, so there is nothing on TLS to the proxy, on refusals in full, or on what the proxy adds.
    </p>`;
  const trips = [
    html`<tr>
      <td>through the proxy</td>
      <td>message</td>
      ${cellsOf(seen.through)}
    </tr>`,
    html`<tr>
      <td>past the proxy</td>
      <td>message</td>
      ${cellsOf(seen.past)}
    </tr>`,
  ];
  const stages = seen.stages.map(
    (row) =>
      html`<tr>
        <td>${row.door}</td>
        <td>${row.stage}</td>
        ${cellsOf(row)}
      </tr>`,
  );
  const refusals = seen.refusals.map(
    ({ status, reason, count, retryAfterSeconds: after }) =>
      html`<tr>
        <td class="number">${status}</td>
        <td>${reason}</td>
        <td class="number">${grouped(count)}</td>
        <td>${after === null ? 'none' : `${grouped(after.count)} of them: ${after.least} to ${after.most} s`}</td>
      </tr>`,
  );
  return html`<p>A Node program beside k6, with a few sessions of its own, for what k6 cannot show.</p>
    ${table(['way or door', 'what', ...PERCENTILES], [...trips, ...stages])}
    <p class="soft">
      Milliseconds. The same message went over tunnels and past the proxy at the same moments; stages of an open are one after the other.
    </p>
    <h3>Refusals in full</h3>
    ${refusals.length === 0 ? html`<p class="missing">The probe was refused nothing.</p>` : table(['#status', 'reason', '#count', 'Retry-After'], refusals)}`;
}

export function honesty({
  honesty: { machine, limits, versions, isIsolated, isPrivileged, wire, loadBefore },
  cautions,
  troubles,
  scenario,
  descriptors,
}: Summary): Markup {
  const pairs = (record: Readonly<Record<string, string>>): string =>
    Object.entries(record)
      .map(([name, value]) => `${name} ${value}`)
      .join(' · ');
  const rows: readonly (readonly [string, string])[] = [
    ['machine', `${machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryMib / 1_024)} GiB, ${machine.kernel}`],
    ['load before the run', loadBefore.toFixed(2)],
    ['versions', pairs(versions)],
    [
      'inside the tunnels',
      wire === 'plain' ? 'plain WebSocket and MQTT, so the checks of SNI and ALPN are off' : 'TLS, with every check on',
    ],
    [
      'far end',
      scenario.to === 'sandbox'
        ? 'the sandbox’s stand-in of AWS IoT'
        : `our own small server${scenario.quota === null ? '' : `, which takes ${scenario.quota} CONNECTs a second`}`,
    ],
    ['network', isIsolated ? 'a namespace of its own on loopback' : 'the machine’s own'],
    ['rights', isPrivileged ? 'root: limits and sysctls were set for the run' : 'none: limits and sysctls are as they were found'],
    ['open descriptors a process', grouped(limits.descriptors)],
    ['ports', limits.portRange],
    ['sysctls', pairs(limits.sysctls) || 'none set'],
    [
      'descriptors of the nodes',
      descriptors === null ? 'not read' : `${grouped(descriptors.before)} before, ${grouped(descriptors.after)} after`,
    ],
  ];
  return html`<p>
      On loopback there is no round-trip time, no loss and no network card, a tunnel has four sockets on one machine instead of two, and all
      parts share its cores: latencies and knees are this machine’s.
    </p>
    ${cautions.map((caution) => html`<p class="note">${caution}</p>`)} ${troubles.map((trouble) => html`<p class="note">${trouble}</p>`)}
    <dl>
      ${rows.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>`;
}

const PERCENTILES = ['#count', '#p50', '#p90', '#p95', '#p99', '#p99.9', '#max'] as const;

function cellsOf({ count, p50, p90, p95, p99, p999, max }: Percentiles): Markup {
  const cells = [p50, p90, p95, p99, p999, max].map((us) => html`<td class="number">${us === null ? '–' : inMs(us)}</td>`);
  return html`<td class="number">${grouped(count)}</td>
    ${cells}`;
}

function inMs(us: number): string {
  const ms = us / 1_000;
  return ms >= 100 ? grouped(ms) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2);
}

function valueOf({ value, never }: Summary['costs']['emptyKib'], words: (value: number) => string): string {
  if (value === null) return never ? 'never' : '–';
  return words(value);
}

/** A title that begins with # is over numbers. */
function table(titles: readonly string[], rows: readonly Markup[]): Markup {
  const cells = titles.map((title) => (title.startsWith('#') ? html`<th class="number">${title.slice(1)}</th>` : html`<th>${title}</th>`));
  return html`<div
    class="scroll"
    tabindex="0"
    role="region"
    aria-label="Table: ${titles.map((title) => title.replace('#', '')).join(', ')}"
  >
    <table>
      <thead>
        <tr>
          ${cells}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function duration(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${(seconds / 60).toFixed(1)} min`;
}

// The first look: how much goes through, who is refused, who has most, and the other nodes.

import { useState } from 'preact/hooks';
import { get } from './api.mjs';
import { Chart } from './chart.mjs';
import { DecisionTable } from './decisions.mjs';
import { bytes, count, duration, percent, perSecond } from './format.mjs';
import { html } from './html.mjs';
import { stateOf } from './node-state.mjs';
import { usePoll } from './poll.mjs';
import { Share } from './share.mjs';

/** @param {{ status: any, live: import('./live.mjs').Live }} props */
export function Overview({ status, live }) {
  const { value: refusals } = usePoll(() => get('/refusals', { limit: 12 }), 3_000);
  const { value: limits } = usePoll(() => get('/limits'), 3_000);
  const { xs, tunnels, opens } = linesOf(live.points);
  return html`
    <${Tiles} status=${status} live=${live} refusals=${refusals} limits=${limits} />
    <div class="two">
      <${Chart} title="Open tunnels" label="tunnels" xs=${xs} ys=${tunnels} tone="--c0" />
      <${Chart} title="Opens a second" label="opens" xs=${xs} ys=${opens} tone="--c1" />
    </div>
    <${Nodes} status=${status} />
    <div class="two">
      <${RefusalTable} refusals=${refusals} />
      <${Top} />
    </div>
    <${DecisionTable} live=${live} isWhole=${false} />
  `;
}

/** Seconds without a point: control was started again, or the machine slept. While control rests a point comes every four. */
const GAP_S = 9;

/** For the charts; where nothing is known there is no line. @param {import('./live.mjs').Point[]} points */
function linesOf(points) {
  const lines = {
    xs: /** @type {number[]} */ ([]),
    tunnels: /** @type {(number | null)[]} */ ([]),
    opens: /** @type {(number | null)[]} */ ([]),
  };
  for (const { atMs, tunnels, opensPerSecond } of points) {
    const at = atMs / 1_000;
    const last = lines.xs.at(-1) ?? at;
    if (at - last > GAP_S) {
      lines.xs.push(last + 1);
      lines.tunnels.push(null);
      lines.opens.push(null);
    }
    lines.xs.push(at);
    lines.tunnels.push(tunnels);
    lines.opens.push(opensPerSecond);
  }
  return lines;
}

/** @param {{ status: any, live: import('./live.mjs').Live, refusals: any, limits: any }} props */
function Tiles({ status, live, refusals, limits }) {
  const now = live.points.at(-1);
  const scarce = Object.entries(limits?.headroom ?? {})
    .filter(([, share]) => share !== null)
    .toSorted(([, a], [, b]) => a - b)[0];
  return html`
    <dl class="tiles">
      <${Tile} name="Tunnels" value=${now && count(now.tunnels)} more=${status && `of ${count(status.capacity.tunnels)}`} />
      <${Tile}
        name="Opens"
        value=${now && `${perSecond(now.opensPerSecond)}/s`}
        more=${status && `${count(status.opened)} since the start`}
      />
      <${Tile}
        name="Refused"
        value=${refusals && count(refusals.recent)}
        more=${refusals && `in ${duration(refusals.recentMs)}, ${count(refusals.total)} since the start`}
      />
      <${Tile} name="Waiting" value=${status && count(status.pending)} more="without a request yet" />
      <${Tile} name="Scarcest" value=${scarce && percent(Number(scarce[1]))} more=${scarce && `of ${scarce[0]} free`} />
    </dl>
  `;
}

/** @param {{ name: string, value: unknown, more: unknown }} props */
function Tile({ name, value, more }) {
  return html`<div class="card">
    <dt>${name}</dt>
    <dd>${value ?? '–'}</dd>
    <dd class="soft">${more ?? ' '}</dd>
  </div>`;
}

/** This node and the others. @param {{ status: any }} props */
function Nodes({ status }) {
  const { value } = usePoll(() => get('/peers'), 3_000);
  if (!value || value.peers.length === 0) return null;
  const own = status && { ...status, tunnelsMax: status.capacity.tunnels };
  return html`
    <section aria-label="Nodes">
      <h2>Nodes</h2>
      <ul class="nodes">
        ${own && html`<li><${NodeCard} glance=${own} url=${null} error=${null} /></li>`}
        ${value.peers.map((/** @type {any} */ peer) => html`<li key=${peer.url}><${NodeCard} glance=${peer.status} url=${peer.url} error=${peer.error} /></li>`)}
      </ul>
    </section>
  `;
}

/** @param {{ glance: any, url: string | null, error: string | null }} props */
function NodeCard({ glance, url, error }) {
  if (!glance) {
    return html`<div class="card node">
      <h3><a href=${`${url}/`}>${url}</a> <span class="chip bad">silent</span></h3>
      <p class="soft">${error}</p>
    </div>`;
  }
  const [tone, word] = stateOf(glance);
  const share = glance.tunnelsMax ? glance.tunnels / glance.tunnelsMax : 0;
  return html`
    <div class="card node">
      <h3>
        ${url === null ? html`${glance.node} <span class="soft">(this one)</span>` : html`<a href=${`${url}/`}>${glance.node}</a>`}
        <span class=${`chip ${tone}`}>${word}</span>
      </h3>
      <p class="numbers">
        <span><b>${count(glance.tunnels)}</b> tunnels</span> <span><b>${perSecond(glance.opensPerSecond)}</b> opens/s</span>
      </p>
      <${Share} used=${share} label="Tunnels of what it may hold" />
      <p class="soft">
        ${[`version ${glance.version}`, ...glance.reasons, ...glance.concerns, ...(glance.drain?.etaMs ? [`empty in ${duration(glance.drain.etaMs)}`] : [])].join('; ')}
      </p>
    </div>
  `;
}

/** @param {{ refusals: any }} props */
function RefusalTable({ refusals }) {
  const rows = refusals?.rows ?? [];
  return html`
    <section class="card" aria-label="Refusals">
      <h2>Refusals</h2>
      ${
        rows.length === 0
          ? html`<p class="empty">${refusals ? 'None since the node began.' : '…'}</p>`
          : html`
              <table>
                <thead>
                  <tr>
                    <th>reason</th>
                    <th>tenant</th>
                    <th>whose</th>
                    <th class="number">recent</th>
                    <th class="number">all</th>
                  </tr>
                </thead>
                <tbody>
                  ${rows.map(
                    (/** @type {any} */ row) => html`
                      <tr key=${`${row.reason} ${row.tenant}`}>
                        <td title=${row.message}><code>${row.reason}</code></td>
                        <td class="cut">${row.tenant || '–'}</td>
                        <td>${row.blame ?? ''}</td>
                        <td class="number">${count(row.recent)}</td>
                        <td class="number">${count(row.count)}</td>
                      </tr>
                    `,
                  )}
                </tbody>
              </table>
            `
      }
    </section>
  `;
}

const GROUPS = ['tenant', 'target', 'source'];

function Top() {
  const [by, setBy] = useState('target');
  const { value } = usePoll(() => get('/top', { by, sort: 'tunnels', limit: 8 }), 4_000, [by]);
  return html`
    <section class="card brief" aria-label="Who has most">
      <h2>
        Most tunnels by
        <span class="choice" role="group" aria-label="Sum up by">
          ${GROUPS.map((group) => html`<button key=${group} aria-pressed=${by === group} onClick=${() => setBy(group)}>${group}</button>`)}
        </span>
      </h2>
      ${
        (value?.rows.length ?? 0) === 0
          ? html`<p class="empty">${value ? 'No open tunnel.' : '…'}</p>`
          : html`
              <table>
                <thead>
                  <tr>
                    <th>${by}</th>
                    <th class="number">tunnels</th>
                    <th class="number">bytes</th>
                    <th class="number aside">a second</th>
                  </tr>
                </thead>
                <tbody>
                  ${value?.rows.map(
                    (/** @type {any} */ row) => html`
                      <tr key=${row.name}>
                        <td class="cut" title=${row.name}>${row.name || '–'}</td>
                        <td class="number">${count(row.tunnels)}</td>
                        <td class="number">${bytes(row.bytes)}</td>
                        <td class="number aside">${bytes(row.rate)}</td>
                      </tr>
                    `,
                  )}
                </tbody>
              </table>
            `
      }
    </section>
  `;
}

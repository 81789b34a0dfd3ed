// Decisions as they are made, with their reasons.

import { useState } from 'preact/hooks';
import { clockTime, count } from './format.mjs';
import { html } from './html.mjs';

const SHOWN_BRIEFLY = 12;
const WHICH = { all: 'all', refused: 'refused', allowed: 'allowed' };

/** @param {{ live: import('./live.mjs').Live, isWhole: boolean }} props */
export function DecisionTable({ live, isWhole }) {
  const [which, setWhich] = useState('all');
  const [search, setSearch] = useState('');
  const [held, hold] = useState(/** @type {import('./live.mjs').Decision[] | null} */ (null));
  const wanted = (held ?? live.decisions).filter((row) => isWanted(row, which, search));
  const rows = isWhole ? wanted : wanted.slice(0, SHOWN_BRIEFLY);
  return html`
    <section class=${`card ${isWhole ? '' : 'brief'}`} aria-label="Decisions">
      <h2>
        Decisions
        <span class="choice" role="group" aria-label="Which">
          ${Object.entries(WHICH).map(
            ([name, title]) => html`<button key=${name} aria-pressed=${which === name} onClick=${() => setWhich(name)}>${title}</button>`,
          )}
        </span>
        ${
          isWhole &&
          html`
            <input
              type="search"
              placeholder="Search"
              aria-label="Search decisions"
              value=${search}
              onInput=${(/** @type {any} */ event) => setSearch(event.target.value)}
            />
            <button aria-pressed=${held !== null} onClick=${() => hold(held === null ? live.decisions : null)}>
              ${held === null ? 'Hold' : 'Go on'}
            </button>
          `
        }
      </h2>
      ${live.missed > 0 && html`<p class="soft">${count(live.missed)} more came too fast to be shown.</p>`}
      ${rows.length === 0 ? html`<p class="empty">None yet.</p>` : html`<${Rows} rows=${rows} />`}
      ${!isWhole && wanted.length > rows.length && html`<p class="soft"><a href="#decisions">All that are known</a></p>`}
    </section>
  `;
}

/** @param {{ rows: import('./live.mjs').Decision[] }} props */
function Rows({ rows }) {
  return html`
    <div class="scroll">
      <table class="decisions">
        <thead>
          <tr>
            <th>time</th>
            <th>reason</th>
            <th>door</th>
            <th>client</th>
            <th>tenant</th>
            <th>target</th>
            <th>request</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) => html`
              <tr key=${row.id}>
                <td class="number">${clockTime(row.atMs)}</td>
                <td>
                  <span class=${`chip ${row.allow ? (row.wouldDeny.length > 0 ? 'doubt' : 'good') : 'bad'}`}>${row.reason}</span>
                  ${row.wouldDeny.length > 0 && html` <span class="soft">would be ${row.wouldDeny.join(', ')}</span>`}
                </td>
                <td>${row.door ?? '–'}</td>
                <td>${row.client}</td>
                <td class="cut">${row.tenant ?? '–'}</td>
                <td class="cut" title=${row.target}>${row.target ?? row.sni ?? '–'}</td>
                <td><code>${row.id}</code></td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
  `;
}

/** @param {import('./live.mjs').Decision} row @param {string} which @param {string} search */
function isWanted(row, which, search) {
  if (which !== 'all' && row.allow !== (which === 'allowed')) return false;
  const wanted = search.trim().toLowerCase();
  return (
    wanted === '' || [row.id, row.reason, row.client, row.tenant, row.target, row.sni].some((text) => text?.toLowerCase().includes(wanted))
  );
}

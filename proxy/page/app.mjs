// The frame: which node this is and how it is, what is wrong, and the five views.

import { useEffect, useState } from 'preact/hooks';
import { get } from './api.mjs';
import { Configuration } from './configuration.mjs';
import { DecisionTable } from './decisions.mjs';
import { DrainBar, DrainButtons } from './drain.mjs';
import { duration } from './format.mjs';
import { Health } from './health.mjs';
import { html } from './html.mjs';
import { useLive } from './live.mjs';
import { stateOf } from './node-state.mjs';
import { Overview } from './overview.mjs';
import { usePoll } from './poll.mjs';
import { Tunnels } from './tunnels.mjs';

const VIEWS = /** @type {const} */ ({
  overview: 'Overview',
  tunnels: 'Tunnels',
  decisions: 'Decisions',
  health: 'Health',
  configuration: 'Configuration',
});

function viewInAddress() {
  const name = location.hash.slice(1);
  return Object.hasOwn(VIEWS, name) ? name : 'overview';
}

export function App() {
  const [view, setView] = useState(viewInAddress);
  const live = useLive();
  const { value: status, error, again } = usePoll(() => get('/status'), 2_000);

  useEffect(() => {
    const changed = () => setView(viewInAddress());
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  useEffect(() => {
    if (status) document.title = `${status.node} – Pinhole`;
  }, [status?.node]);

  return html`
    <header class="top">
      <a class="brand" href="#overview"><img src="/page/icon.svg" alt="" width="26" height="26" /> Pinhole</a>
      <${Identity} status=${status} isConnected=${live.isConnected} error=${error} />
      <${DrainButtons} drain=${status?.drain ?? null} isKnown=${status !== null} onDone=${again} />
    </header>
    <nav aria-label="Views">
      ${Object.entries(VIEWS).map(
        ([name, title]) => html`<a key=${name} href=${`#${name}`} aria-current=${view === name ? 'page' : null}>${title}</a>`,
      )}
    </nav>
    <main>
      <${Notices} status=${status} error=${error} />
      ${status?.drain && html`<${DrainBar} drain=${status.drain} />`}
      ${view === 'overview' && html`<${Overview} status=${status} live=${live} />`} ${view === 'tunnels' && html`<${Tunnels} />`}
      ${view === 'decisions' && html`<${DecisionTable} live=${live} isWhole=${true} />`}
      ${view === 'health' && html`<${Health} status=${status} />`} ${view === 'configuration' && html`<${Configuration} />`}
    </main>
  `;
}

/** @param {{ status: any, isConnected: boolean, error: string | null }} props */
function Identity({ status, isConnected, error }) {
  if (!status) return html`<p class="identity soft">${error ?? 'Asking the node …'}</p>`;
  const [tone, word] = stateOf(status);
  return html`
    <div class="identity">
      <b>${status.node}</b>
      <span class=${`chip ${tone}`}>${word}</span>
      <span class="soft facts"> version ${status.version}, generation ${status.generation}, up ${duration(status.uptimeMs)} </span>
      <span
        class=${`live ${isConnected ? 'on' : ''}`}
        title=${isConnected ? 'News as they happen' : 'The connection to the node is lost; it is tried again'}
      >
        ${isConnected ? 'live' : 'reconnecting'}
      </span>
    </div>
  `;
}

/** What somebody should look at. @param {{ status: any, error: string | null }} props */
function Notices({ status, error }) {
  const reasons = (status?.reasons ?? []).filter((/** @type {string} */ reason) => reason !== 'draining');
  const concerns = (status?.concerns ?? []).filter((/** @type {string} */ concern) => !reasons.includes(concern));
  const last = status?.configuration?.last;
  const isRejected = last && last.outcome !== 'taken' && last.outcome !== 'unchanged';
  if (error === null && reasons.length === 0 && concerns.length === 0 && !isRejected) return null;
  return html`
    <ul class="notices" role="status">
      ${error !== null && html`<li class="bad">The node does not answer this page: ${error}</li>`}
      ${reasons.map((/** @type {string} */ reason) => html`<li key=${reason} class="bad">Not ready: ${reason}</li>`)}
      ${concerns.map((/** @type {string} */ concern) => html`<li key=${concern} class="doubt">${concern}</li>`)}
      ${
        isRejected &&
        html`<li class="doubt">
          A change of ${last.file} was not taken: ${last.why ?? last.problems[0] ?? 'it needs a start of the node'}
        </li>`
      }
    </ul>
  `;
}

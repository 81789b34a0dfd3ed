// What is in force, and what it would decide.

import { useState } from 'preact/hooks';
import { get } from './api.mjs';
import { duration } from './format.mjs';
import { html } from './html.mjs';
import { usePoll } from './poll.mjs';

export function Configuration() {
  const { value, error } = usePoll(() => get('/configuration'), 10_000);
  return html`
    <${Explain} hosts=${value?.configuration.hosts ?? []} />
    <section class="card" aria-label="Configuration">
      <h2>In force</h2>
      ${!value && html`<p class="soft">${error ?? '…'}</p>`}
      ${
        value?.file &&
        html`<p class="soft">
          ${value.file.file}, policy version <code>${value.file.policyVersion}</code> for ${duration(Date.now() - value.file.sinceMs)}. Of
          keys, tokens and certificates it says only that they are there.
        </p>`
      }
      ${value && html`<pre tabindex="0">${JSON.stringify(value.configuration, null, 2)}</pre>`}
    </section>
  `;
}

const DOORS = ['connect', 'connect-tls', 'sni', 'gateway'];

/** @param {{ hosts: { host: string }[] }} props */
function Explain({ hosts }) {
  const [answer, setAnswer] = useState(/** @type {any} */ (null));
  const [error, setError] = useState('');
  const ask = async (/** @type {any} */ event) => {
    event.preventDefault();
    const given = Object.fromEntries(
      [...new FormData(event.target)].filter(([, text]) => text !== '').map(([name, text]) => [name, String(text)]),
    );
    try {
      setAnswer(await get('/explain', given));
      setError('');
    } catch (failure) {
      setAnswer(null);
      setError(failure instanceof Error ? failure.message : String(failure));
    }
  };
  return html`
    <section class="card" aria-label="Explain">
      <h2>What would be decided?</h2>
      <form class="explain" onSubmit=${ask}>
        <label
          >door
          <select name="door">
            ${DOORS.map((door) => html`<option key=${door}>${door}</option>`)}
          </select></label
        >
        <label class="long">host <input name="host" required list="hosts" autocomplete="off" spellcheck="false" /></label>
        <datalist id="hosts">${hosts.map(({ host }) => html`<option key=${host} value=${host}></option>`)}</datalist>
        <label class="short">port <input name="port" required inputmode="numeric" value="443" /></label>
        <label>tenant <input name="tenant" placeholder="a stranger" autocomplete="off" /></label>
        <label>from <input name="from" placeholder="where it may" autocomplete="off" /></label>
        <button type="submit">Explain</button>
      </form>
      ${error !== '' && html`<p class="bad" role="alert">${error}</p>`}
      ${
        answer &&
        html`
          <p role="status">
            <span class=${`chip ${answer.allow ? 'good' : 'bad'}`}>${answer.allow ? 'allowed' : (answer.reason ?? 'refused')}</span>
          </p>
          <table>
            <thead>
              <tr>
                <th>stage</th>
                <th>outcome</th>
                <th>why</th>
              </tr>
            </thead>
            <tbody>
              ${answer.steps.map(
                (/** @type {any} */ step) =>
                  html`<tr key=${step.stage}>
                    <td>${step.stage}</td>
                    <td>${step.outcome}</td>
                    <td>${step.text}</td>
                  </tr>`,
              )}
            </tbody>
          </table>
        `
      }
    </section>
  `;
}

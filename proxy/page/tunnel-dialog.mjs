// One tunnel whole, and to end it.

import { useState } from 'preact/hooks';
import { get } from './api.mjs';
import { Confirm, Dialog } from './dialog.mjs';
import { bytes, duration } from './format.mjs';
import { html } from './html.mjs';
import { usePoll } from './poll.mjs';

/** @param {{ id: string, onClose: () => void, onClosed: () => void }} props */
export function TunnelDialog({ id, onClose, onClosed }) {
  const { value, error } = usePoll(() => get(`/tunnels/${id}`), 1_500, [id]);
  const [isAsked, ask] = useState(false);
  const [isOnItsWay, sayOnItsWay] = useState(false);
  const tunnel = value?.tunnel;
  const title = `Tunnel ${id}`;
  return html`
    <${Dialog} title=${title} onClose=${onClose} isWide=${true}>
      ${!tunnel && html`<p class="soft">${error ?? '…'}</p>`}
      ${tunnel && error !== null && html`<p class="doubt">It is gone: ${error}.</p>`}
      ${isOnItsWay && error === null && html`<p class="doubt" role="status">It was told to end already, or goes over to another generation: look again in a moment.</p>`}
      ${
        tunnel &&
        html`
          <dl class="facts">
            ${factsOf(tunnel).map(
              ([name, text]) =>
                html`<div key=${name}>
                  <dt>${name}</dt>
                  <dd>${text}</dd>
                </div>`,
            )}
          </dl>
          <footer>
            <button class="danger" disabled=${error !== null} onClick=${() => ask(true)}>Close this tunnel…</button>
          </footer>
        `
      }
      ${
        isAsked &&
        html`<${Confirm}
          title="Close this tunnel?"
          words=${`${tunnel.client} to ${tunnel.target}. Its client is cut off, and may come back at once.`}
          verb="Close it"
          path=${`/tunnels/${id}/close`}
          body=${{}}
          onClose=${() => ask(false)}
          onDone=${(/** @type {{ closed: number }} */ { closed }) => {
            onClosed();
            if (closed > 0) onClose();
            else sayOnItsWay(true);
          }}
        />`
      }
    <//>
  `;
}

/** @param {any} tunnel @returns {[string, string][]} */
function factsOf({ record, ...row }) {
  /** @type {[string, string | null][]} */
  const facts = [
    ['client', row.client],
    ['target', row.target],
    ['tenant', row.tenant],
    ['door', `${row.door} on ${record.listener}`],
    ['endpoint', row.endpoint === null ? null : `${row.endpoint}, ${row.kind}`],
    ['upstream', row.upstream],
    ['from', record.local_ip === null ? null : `${record.local_ip} port ${record.local_port}`],
    ['server name', record.sni],
    ['protocols', record.alpn],
    ['TLS with us', record.tls_version],
    ['phase', row.phase],
    ['age', duration(row.ageMs)],
    ['idle', duration(row.idleMs)],
    ['up', bytes(row.bytesUp)],
    ['down', bytes(row.bytesDown)],
    ['took', record.dial_ms === null ? null : `${record.resolve_ms ?? 0} ms to resolve, ${record.dial_ms} ms to dial`],
    ['would be refused', record.would_deny.length === 0 ? null : record.would_deny.join(', ')],
    ['carrier', `${row.carrier} of generation ${row.generation}`],
  ];
  return facts.filter((fact) => fact[1] !== null).map(([name, text]) => [name, String(text)]);
}

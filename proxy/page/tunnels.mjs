// The tunnels of the node. The node searches, sorts and gives a page at a time; the browser holds the rows that can be seen and some around
// them, so that 50,000 cost what fifty do.

import { useEffect, useRef, useState } from 'preact/hooks';
import { get } from './api.mjs';
import { count } from './format.mjs';
import { html } from './html.mjs';
import { usePoll } from './poll.mjs';
import { TunnelDialog } from './tunnel-dialog.mjs';
import { TunnelRows } from './tunnel-rows.mjs';

const DOORS = ['connect', 'connect-tls', 'sni', 'gateway'];
/** Rows of one page. */
const PAGE_ROWS = 100;
const REFRESH_MS = 3_000;
/** Between two searches of somebody who types: the first letter is looked for at once. */
const TYPING_MS = 40;

export function Tunnels() {
  const [search, setSearch] = useState('');
  const [typed, setTyped] = useState('');
  const [door, setDoor] = useState('');
  const [order, setOrder] = useState({ sort: 'age', order: 'desc' });
  const [opened, open] = useState(/** @type {string | null} */ (null));
  const [first, setFirst] = useState(0);

  const searchedMs = useRef(-TYPING_MS);
  useEffect(() => {
    const go = () => {
      searchedMs.current = performance.now();
      setSearch(typed.trim());
    };
    const restMs = searchedMs.current + TYPING_MS - performance.now();
    if (restMs <= 0) return go();
    const timer = setTimeout(go, restMs);
    return () => clearTimeout(timer);
  }, [typed]);

  const page = Math.floor(first / PAGE_ROWS);
  const filter = { search: search === '' ? null : search, door: door === '' ? null : door, ...order };
  // Two pages, so that a look across their border has both.
  const isLate = first % PAGE_ROWS >= PAGE_ROWS / 2;
  const offset = (isLate ? page : Math.max(0, page - 1)) * PAGE_ROWS;
  const { value, error, again } = usePoll(() => get('/tunnels', { ...filter, offset, limit: 2 * PAGE_ROWS }), REFRESH_MS, [
    search,
    door,
    order.sort,
    order.order,
    offset,
  ]);

  const sortBy = (/** @type {string} */ sort) =>
    setOrder(order.sort === sort && order.order === 'desc' ? { sort, order: 'asc' } : { sort, order: 'desc' });
  const matching = value?.matching ?? 0;
  return html`
    <section class="card tunnels" aria-label="Tunnels">
      <h2>
        Tunnels
        <input
          type="search"
          placeholder="Client, target, tenant or id"
          aria-label="Search tunnels"
          value=${typed}
          onInput=${(/** @type {any} */ event) => setTyped(event.target.value)}
        />
        <select aria-label="Door" value=${door} onChange=${(/** @type {any} */ event) => setDoor(event.target.value)}>
          <option value="">every door</option>
          ${DOORS.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
        </select>
        <span class="soft" role="status">${value ? wordsOf(value, search !== '' || door !== '') : (error ?? '…')}</span>
      </h2>
      <${TunnelRows}
        rows=${value?.rows ?? []}
        offset=${value?.offset ?? 0}
        total=${matching}
        order=${order}
        sortBy=${sortBy}
        onFirst=${setFirst}
        onOpen=${open}
        resetOn=${`${search} ${door} ${order.sort} ${order.order}`}
      />
      ${value && matching === 0 && html`<p class="empty">${search === '' && door === '' ? 'No open tunnel.' : 'No tunnel is like that.'}</p>`}
      ${opened !== null && html`<${TunnelDialog} id=${opened} onClose=${() => open(null)} onClosed=${again} />`}
    </section>
  `;
}

/** @param {any} found @param {boolean} isFiltered */
function wordsOf({ tunnels, matching, silent, isPartial }, isFiltered) {
  const words = [isFiltered ? `${count(matching)} of ${count(tunnels)}` : count(tunnels)];
  if (silent.length > 0) words.push(`carrier ${silent.join(', ')} does not answer`);
  if (isPartial) words.push('too many to look at all of them');
  return words.join('; ');
}

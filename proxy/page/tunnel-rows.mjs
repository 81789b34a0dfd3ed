// Rows of tunnels, of which only those exist that can be seen: as tall as all of them, whatever their number.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { bytes, duration } from './format.mjs';
import { html } from './html.mjs';

/** Kept above and below what can be seen. */
const MARGIN_ROWS = 10;
/** As in page.css. */
const NARROW = '(max-width: 760px)';
const ROW_PX = { wide: 34, narrow: 58 };
const HEAD_PX = 34;

/** @type {readonly { name: string, title: string, sort: string | null, of: (row: any) => unknown, isNumber: boolean }[]} */
const COLUMNS = [
  { name: 'client', title: 'client', sort: null, of: ({ client }) => client, isNumber: false },
  { name: 'target', title: 'target', sort: null, of: ({ target }) => target ?? '–', isNumber: false },
  { name: 'tenant', title: 'tenant', sort: null, of: ({ tenant }) => tenant ?? '–', isNumber: false },
  { name: 'door', title: 'door', sort: null, of: ({ door }) => door ?? '–', isNumber: false },
  { name: 'age', title: 'age', sort: 'age', of: ({ ageMs }) => duration(ageMs), isNumber: true },
  { name: 'idle', title: 'idle', sort: 'idle', of: ({ idleMs }) => duration(idleMs), isNumber: true },
  { name: 'bytes', title: 'bytes', sort: 'bytes', of: ({ bytesUp, bytesDown }) => bytes(bytesUp + bytesDown), isNumber: true },
  { name: 'rate', title: 'a second', sort: 'rate', of: ({ rate }) => (rate === null ? '–' : bytes(rate)), isNumber: true },
];

/**
 * @param {{ rows: any[], offset: number, total: number, order: { sort: string, order: string }, sortBy: (sort: string) => void,
 *   onFirst: (row: number) => void, onOpen: (id: string) => void, resetOn: string }} props
 */
export function TunnelRows({ rows, offset, total, order, sortBy, onFirst, onOpen, resetOn }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [seen, setSeen] = useState({ first: 0, rows: 30 });
  const [chosen, choose] = useState(-1);
  const isNarrow = useMedia(NARROW);
  const rowPx = isNarrow ? ROW_PX.narrow : ROW_PX.wide;

  const look = () => {
    const at = place.current;
    if (at === null) return;
    const first = Math.max(0, Math.floor(at.scrollTop / rowPx) - MARGIN_ROWS);
    const many = Math.ceil(at.clientHeight / rowPx) + 2 * MARGIN_ROWS;
    if (first !== seen.first || many !== seen.rows) setSeen({ first, rows: many });
    onFirst(first);
  };
  useEffect(look, [rowPx, total]);
  useEffect(() => {
    if (place.current) place.current.scrollTop = 0;
    choose(-1);
  }, [resetOn]);
  useEffect(() => {
    const changed = () => look();
    addEventListener('resize', changed);
    return () => removeEventListener('resize', changed);
  });

  /** @type {Record<string, (from: number, page: number) => number>} */
  const moves = {
    ArrowDown: (from) => from + 1,
    ArrowUp: (from) => from - 1,
    PageDown: (from, page) => from + page,
    PageUp: (from, page) => from - page,
    Home: () => 0,
    End: () => total - 1,
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    const at = place.current;
    if (at === null || event.target !== at) return;
    const row = rows[chosen - offset];
    if (event.key === 'Enter' && row) {
      event.preventDefault();
      onOpen(row.id);
      return;
    }
    const move = moves[event.key];
    if (!move || total === 0) return;
    event.preventDefault();
    const page = Math.max(1, Math.floor((at.clientHeight - HEAD_PX) / rowPx) - 1);
    const next = Math.min(total - 1, Math.max(0, move(chosen, page)));
    choose(next);
    if (next * rowPx < at.scrollTop) at.scrollTop = next * rowPx;
    else if (HEAD_PX + (next + 1) * rowPx > at.scrollTop + at.clientHeight) at.scrollTop = HEAD_PX + (next + 1) * rowPx - at.clientHeight;
  };

  const visible = useMemo(() => {
    const from = Math.max(seen.first, 0);
    return Array.from({ length: Math.max(0, Math.min(seen.rows, total - from)) }, (_, index) => from + index);
  }, [seen.first, seen.rows, total]);

  return html`
    <div
      ref=${place}
      class="grid"
      role="grid"
      tabindex="0"
      aria-label="Open tunnels: arrows choose one, Enter opens it"
      aria-rowcount=${total + 1}
      aria-activedescendant=${chosen >= 0 ? `row-${chosen}` : null}
      onScroll=${look}
      onKeyDown=${onKey}
    >
      <div class="row head" role="row" aria-rowindex="1">
        ${COLUMNS.map((column) => html`<${Head} key=${column.name} column=${column} order=${order} sortBy=${sortBy} />`)}
      </div>
      <div class="space" role="rowgroup" style=${{ height: `${total * rowPx}px` }}>
        ${visible.map((at) => {
          const row = rows[at - offset];
          return html`
            <div
              key=${at}
              id=${`row-${at}`}
              class=${`row ${at === chosen ? 'chosen' : ''}`}
              role="row"
              aria-rowindex=${at + 2}
              aria-selected=${at === chosen}
              aria-busy=${row === undefined}
              style=${{ transform: `translateY(${at * rowPx}px)`, height: `${rowPx}px` }}
              onClick=${() => {
                choose(at);
                if (row) onOpen(row.id);
              }}
            >
              ${COLUMNS.map(({ name, of, isNumber }) => html`<span key=${name} class=${`${name} ${isNumber ? 'number' : ''}`} role="gridcell">${row ? of(row) : ''}</span>`)}
            </div>
          `;
        })}
      </div>
    </div>
  `;
}

/** @param {{ column: (typeof COLUMNS)[number], order: { sort: string, order: string }, sortBy: (sort: string) => void }} props */
function Head({ column: { name, title, sort, isNumber }, order, sortBy }) {
  const way = sort === order.sort ? (order.order === 'desc' ? 'descending' : 'ascending') : null;
  return html`
    <span class=${`${name} ${isNumber ? 'number' : ''}`} role="columnheader" aria-sort=${way}>
      ${sort === null ? title : html`<button class="plain" onClick=${() => sortBy(sort)}>${title}</button>`}
    </span>
  `;
}

/** @param {string} query */
function useMedia(query) {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const changed = () => setMatches(media.matches);
    media.addEventListener('change', changed);
    return () => media.removeEventListener('change', changed);
  }, [query]);
  return matches;
}

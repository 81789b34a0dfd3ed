// A table that scrolls sideways by itself, or, of words, becomes a list where it has no room.

import { html, type Markup } from './markup.ts';

export type Cell = Markup | string;

/** A title that begins with # is over numbers. `stack`: on a narrow window each row is a block of its own. */
export function table(titles: readonly string[], rows: readonly (readonly Cell[])[], look: 'scroll' | 'stack' = 'scroll'): Markup {
  const names = titles.map((title) => title.replace(/^#/, ''));
  const classes = titles.map((title) => (title.startsWith('#') ? 'number' : ''));
  const heads = names.map((name, index) => html`<th class="${classes[index] ?? ''}">${name}</th>`);
  const lines = rows.map(
    (cells) =>
      html`<tr>
        ${cells.map((cell, index) => html`<td class="${classes[index] ?? ''}" data-title="${names[index] ?? ''}">${cell}</td>`)}
      </tr>`,
  );
  const inside = html`<table class="${look}">
    <thead>
      <tr>
        ${heads}
      </tr>
    </thead>
    <tbody>
      ${lines}
    </tbody>
  </table>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table: ${names.join(', ')}">${inside}</div>`;
}

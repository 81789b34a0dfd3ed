// How much of something is used, as a bar. Not the browser's own meter: that looks different in each of them.

import { html } from './html.mjs';

const HIGH = 0.8;
const FULL = 0.95;

/** @param {{ used: number, label: string }} props used from 0 to 1 */
export function Share({ used, label }) {
  const tone = used >= FULL ? 'full' : used >= HIGH ? 'high' : '';
  const now = Math.round(used * 100);
  return html`
    <div class=${`share ${tone}`} role="meter" aria-label=${label} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${now}>
      <span style=${{ width: `${used * 100}%` }}></span>
    </div>
  `;
}

// One line over the last minutes.

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { html } from './html.mjs';
import { count } from './format.mjs';

const HEIGHT = 150;

/** @param {string} name of a CSS variable */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** @param {{ title: string, label: string, xs: number[], ys: (number | null)[], tone: string }} props xs in seconds since the epoch */
export function Chart({ title, label, xs, ys, tone }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const plot = useRef(/** @type {uPlot | null} */ (null));
  const data = useRef(/** @type {uPlot.AlignedData} */ ([[], []]));
  data.current = [xs, ys];

  useEffect(() => {
    const at = place.current;
    if (at === null) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsFor(at.clientWidth, label, tone), data.current, at);
    };
    draw();
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', draw);
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: at.clientWidth, height: HEIGHT }));
    observer.observe(at);
    return () => {
      scheme.removeEventListener('change', draw);
      observer.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [label, tone]);

  useEffect(() => plot.current?.setData([xs, ys]), [xs, ys]);

  const now = ys.at(-1);
  return html`
    <figure class="card chart">
      <figcaption>${title} <b>${now === undefined || now === null ? '–' : count(now)}</b></figcaption>
      <div ref=${place} class="plot" role="img" aria-label=${`${title}, now ${now ?? 'unknown'}`}></div>
    </figure>
  `;
}

/**
 * @param {number} width
 * @param {string} label
 * @param {string} tone
 * @returns {uPlot.Options}
 */
function optionsFor(width, label, tone) {
  const axis = {
    stroke: colour('--soft'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: { y: { range: (_, __, max) => [0, Math.max(5, Math.ceil((max ?? 0) * 1.15))] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 80,
        values: [
          [60, '{HH}:{mm}', null, null, null, null, null, null, 1],
          [1, '{HH}:{mm}:{ss}', null, null, null, null, null, null, 1],
        ],
      },
      { ...axis, size: 46, space: 34, values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? count(tick) : '')) },
    ],
    series: [{}, { label, stroke: colour(tone), width: 1.75, fill: `${colour(tone)}1f`, points: { show: false } }],
  };
}

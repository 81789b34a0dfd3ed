// What the node tells by itself: a point each second, and decisions as they are made.

import { useEffect, useState } from 'preact/hooks';
import { get } from './api.mjs';

const POINTS_MAX = 900;
const POINTS_MS = 900_000;
const DECISIONS_MAX = 300;

/**
 * @typedef {{ atMs: number, tunnels: number, opensPerSecond: number }} Point
 * @typedef {{ atMs: number, id: string, generation: number, carrier: number, listener: string, door: string | null, client: string, clientPort: number,
 *   tenant: string | null, target: string | null, endpoint: string | null, kind: string | null, sni: string | null, alpn: string | null, allow: boolean,
 *   wouldDeny: string[], reason: string, status: number | null, policyVersion: string }} Decision
 * @typedef {{ isConnected: boolean, points: Point[], decisions: Decision[], missed: number }} Live
 */

/** @returns {Live} decisions the youngest first */
export function useLive() {
  const [live, setLive] = useState(/** @type {Live} */ ({ isConnected: false, points: [], decisions: [], missed: 0 }));

  useEffect(() => {
    const source = new EventSource('/events');
    const known = () =>
      void get('/history').then(
        ({ points }) => setLive((before) => ({ ...before, points: joined(points, before.points) })),
        () => {},
      );
    source.addEventListener('open', () => {
      setLive((before) => ({ ...before, isConnected: true }));
      // Also after a gap.
      known();
    });
    source.addEventListener('error', () => setLive((before) => ({ ...before, isConnected: false })));
    source.addEventListener('second', ({ data }) => {
      const point = /** @type {Point} */ (JSON.parse(data));
      setLive((before) => ({ ...before, points: joined(before.points, [point]) }));
    });
    source.addEventListener('decisions', ({ data }) => {
      const { rows, missed } = /** @type {{ rows: Decision[], missed: number }} */ (JSON.parse(data));
      setLive((before) => {
        const seen = new Set(before.decisions.map(({ id }) => id));
        const fresh = rows.filter(({ id }) => !seen.has(id)).toReversed();
        return { ...before, decisions: [...fresh, ...before.decisions].slice(0, DECISIONS_MAX), missed: before.missed + missed };
      });
    });
    return () => source.close();
  }, []);

  return live;
}

/** @param {Point[]} before @param {Point[]} after @returns {Point[]} */
function joined(before, after) {
  const last = before.at(-1)?.atMs ?? 0;
  const points = [...before, ...after.filter(({ atMs }) => atMs > last)];
  const fromMs = (points.at(-1)?.atMs ?? 0) - POINTS_MS;
  return points.filter(({ atMs }) => atMs > fromMs).slice(-POINTS_MAX);
}

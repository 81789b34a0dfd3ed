// Asks again and again while somebody can see the page, and not while they cannot.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

/**
 * @template T
 * @typedef {{ value: T | null, error: string | null, again: () => void }} Polled
 */

/**
 * The last answer stays while the next one is on its way, and when it fails.
 * @template T
 * @param {() => Promise<T>} ask
 * @param {number} everyMs after the answer before
 * @param {readonly unknown[]} [inputs] asks at once when one of them is another
 * @returns {Polled<T>}
 */
export function usePoll(ask, everyMs, inputs = []) {
  const [state, setState] = useState(/** @type {{ value: T | null, error: string | null }} */ ({ value: null, error: null }));
  const latest = useRef(ask);
  latest.current = ask;
  const wake = useRef(() => {});

  useEffect(() => {
    let isOver = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    let turn = 0;
    const round = async () => {
      clearTimeout(timer);
      turn += 1;
      const mine = turn;
      try {
        if (!document.hidden) {
          const value = await latest.current();
          if (!isOver && mine === turn) setState({ value, error: null });
        }
      } catch (error) {
        if (!isOver && mine === turn)
          setState((before) => ({ value: before.value, error: String(error instanceof Error ? error.message : error) }));
      }
      if (!isOver && mine === turn) timer = setTimeout(() => void round(), everyMs);
    };
    wake.current = () => void round();
    const seen = () => !document.hidden && void round();
    document.addEventListener('visibilitychange', seen);
    void round();
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [everyMs, ...inputs]);

  const again = useCallback(() => wake.current(), []);
  return { ...state, again };
}

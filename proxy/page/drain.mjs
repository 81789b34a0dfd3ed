// Emptying the node: how it stands, and the buttons for it.

import { useState } from 'preact/hooks';
import { Confirm } from './dialog.mjs';
import { count, duration, perSecond } from './format.mjs';
import { html } from './html.mjs';

const QUESTIONS = {
  start: {
    title: 'Drain this node?',
    words:
      'It says at once that it is not ready. New tunnels are served until DNS has let go, and then open ones are closed a few a second. It can be ended at any moment.',
    verb: 'Drain',
    path: '/drain',
    body: { do: 'start' },
  },
  pause: {
    title: 'Pause the drain?',
    words: 'No more tunnels are closed until it goes on.',
    verb: 'Pause',
    path: '/drain',
    body: { do: 'pause' },
  },
  resume: {
    title: 'Go on draining?',
    words: 'Tunnels are closed again, a few a second.',
    verb: 'Go on',
    path: '/drain',
    body: { do: 'resume' },
  },
  end: {
    title: 'End the drain?',
    words: 'The node is ready again, and takes new tunnels.',
    verb: 'End the drain',
    path: '/undrain',
    body: {},
  },
};

/** @param {{ drain: any, isKnown: boolean, onDone: () => void }} props */
export function DrainButtons({ drain, isKnown, onDone }) {
  const [asked, ask] = useState(/** @type {keyof typeof QUESTIONS | null} */ (null));
  const isPaused = drain?.phase === 'paused';
  return html`
    <div class="actions">
      ${drain === null && html`<button disabled=${!isKnown} onClick=${() => ask('start')}>Drain…</button>`}
      ${drain !== null && drain.phase !== 'drained' && html`<button onClick=${() => ask(isPaused ? 'resume' : 'pause')}>${isPaused ? 'Go on…' : 'Pause…'}</button>`}
      ${drain !== null && html`<button onClick=${() => ask('end')}>End drain…</button>`}
      ${asked && html`<${Confirm} ...${QUESTIONS[asked]} onClose=${() => ask(null)} onDone=${onDone} />`}
    </div>
  `;
}

/** @param {{ drain: any }} props */
export function DrainBar({ drain }) {
  const { phase, tunnels, tunnelsAtFirst, settleLeftMs, rateNow, why, etaMs, by } = drain;
  const gone = tunnelsAtFirst === 0 ? 1 : 1 - tunnels / tunnelsAtFirst;
  return html`
    <section class="card drain" aria-label="Drain">
      <p>
        <b>${WORDS[/** @type {keyof typeof WORDS} */ (phase)] ?? phase}</b>
        ${phase === 'settling' && html` New tunnels are served for another ${duration(settleLeftMs)}.`}
        ${phase === 'closing' && html` ${count(tunnels)} of ${count(tunnelsAtFirst)} tunnels left, ${perSecond(rateNow)} a second.`}
        ${phase === 'paused' && html` ${count(tunnels)} of ${count(tunnelsAtFirst)} tunnels left.`}
        ${etaMs !== null && phase !== 'drained' && html` <span class="eta">Empty in about <b>${duration(etaMs)}</b>.</span>`}
      </p>
      <progress max="1" value=${gone} aria-label="Tunnels that are gone"></progress>
      <p class="soft">Asked for by ${by}.${why ? ` Slower than asked: ${why}.` : ''}</p>
    </section>
  `;
}

const WORDS = { settling: 'The node drains.', closing: 'The node drains.', paused: 'The drain is paused.', drained: 'The node is empty.' };

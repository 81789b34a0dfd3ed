// Questions to the operator. The browser's own dialog: it keeps the focus, and Escape leaves it.

import { useEffect, useRef, useState } from 'preact/hooks';
import { forgetToken, post, Refused, keepToken } from './api.mjs';
import { html } from './html.mjs';

/** @param {{ title: string, onClose: () => void, children?: unknown, isWide?: boolean }} props */
export function Dialog({ title, onClose, children, isWide = false }) {
  const place = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    if (place.current?.open === false) place.current.showModal();
  }, []);
  return html`
    <dialog ref=${place} class=${isWide ? 'wide' : ''} aria-label=${title} onClose=${onClose}>
      <header>
        <h2>${title}</h2>
        <button class="plain" aria-label="Close this" onClick=${() => place.current?.close()}>✕</button>
      </header>
      ${children}
    </dialog>
  `;
}

/**
 * Asks whether something is to be done, for the token where one is needed, and does it.
 * @param {{ title: string, words: unknown, verb: string, path: string, body: object, onClose: () => void, onDone: (answer: any) => void }} props
 */
export function Confirm({ title, words, verb, path, body, onClose, onDone }) {
  const [state, setState] = useState({ isBusy: false, needsToken: false, error: '' });
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => {
    if (state.needsToken) field.current?.focus();
  }, [state.needsToken]);

  const go = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (state.needsToken) keepToken(field.current?.value ?? '');
    setState({ ...state, isBusy: true, error: '' });
    try {
      onDone(await post(path, body));
      onClose();
    } catch (error) {
      const isToken = error instanceof Refused && error.status === 401;
      if (isToken) forgetToken();
      const hasNone = isToken && error.message.startsWith('there is no');
      const isFirst = isToken && !state.needsToken && !hasNone;
      const why = isFirst ? '' : isToken && !hasNone ? 'That is not the token.' : error instanceof Error ? error.message : String(error);
      setState({ isBusy: false, needsToken: isToken && !hasNone, error: why });
    }
  };

  return html`
    <${Dialog} title=${title} onClose=${onClose}>
      <form onSubmit=${go}>
        <p>${words}</p>
        ${
          state.needsToken &&
          html`<label
              >The node's <code>admin.token</code> <input ref=${field} type="password" name="token" autocomplete="off" required
            /></label>
            <p class="soft">It is kept in this page alone, until it is closed.</p>`
        }
        ${state.error !== '' && html`<p class="bad" role="alert">${state.error}</p>`}
        <footer>
          <button type="button" class="plain" onClick=${onClose}>Leave it</button>
          <button type="submit" class="danger" disabled=${state.isBusy}>${verb}</button>
        </footer>
      </form>
    <//>
  `;
}

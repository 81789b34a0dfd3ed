// The page begins here.

import { render } from 'preact';
import { App } from './app.mjs';
import { html } from './html.mjs';

const place = document.getElementById('page');
if (place) render(html`<${App} />`, place);

// Templates without a build: htm turns a tagged text into preact's elements.

import htm from 'htm';
import { h } from 'preact';

export const html = htm.bind(h);

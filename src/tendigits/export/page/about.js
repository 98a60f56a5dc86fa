// What the page contains: the network, its figures, and where it comes from.

import { byId, make } from '../../server/page/elements.js';
import { furtherParts, mainFigures } from '../../server/page/metadata.js';
import { DATA } from './engine.js';

export function showAbout() {
  const { info, source } = DATA;
  byId('about-title').textContent = `Network “${info.name}”`;
  byId('about-lead').textContent = info.description;
  byId('about-figures').replaceChildren(...mainFigures(info));
  byId('about-page').replaceChildren(
    make('h2', { textContent: 'This page' }),
    make('ul', { className: 'facts' }, ...facts().map((text) => make('li', { textContent: text }))),
    ...furtherParts(info),
  );
  document.title = `${info.name} · tendigits`;
  byId('about-title').title = source;
}

function facts() {
  const { info, source, difference, finder, examples } = DATA;
  const count = (/** @type {number} */ number) => number.toLocaleString('en');
  return [
    `Made by tendigits ${info.versions.tendigits} from ${source}. It works without a network connection; no picture leaves this device.`,
    `Data: ${info.data} (licence: ${info.data_licence}). The page shows ${count(examples.images)} of its training images.`,
    `Weights of the network are stored in ${bitsOf(DATA.layers)} bits. On ${count(difference.images)} images the probabilities differ by at most ${difference.largest.toFixed(4)} from those of the trained network, and ${(100 * difference.agreement).toFixed(2)} % of the predictions are equal.`,
    finder
      ? `Digits are found by a second network, whose weights are stored in ${bitsOf(finder.layers)} bits.`
      : 'Digits are found as connected strokes, as this page is small: it reads drawings and clean pictures, but not photos with shadows, lines or touching digits.',
  ];
}

/** @param {(import('./layers.js').Layer | string)[]} layers */
function bitsOf(layers) {
  const bits = layers.flatMap((layer) => (typeof layer === 'string' ? [] : [layer.bits]));
  const [least, most] = [Math.min(...bits), Math.max(...bits)];
  return least === most ? `${most}` : `${least} to ${most}`;
}

// How probable each answer is, as bars.

import { byId, make } from './elements.js';
import { percent } from './wording.js';

const NAMES = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'none'];

export function startBars() {
  byId('bars').replaceChildren(...NAMES.map(emptyBar));
}

/** @param {import('./api.js').DigitAnswer} digit */
export function showBars({ digit, accepted, probabilities }) {
  const none = Math.max(0, 1 - probabilities.reduce((sum, each) => sum + each, 0));
  [...probabilities, none].forEach((probability, index) => {
    const bar = byId('bars').children[index];
    bar.classList.toggle('is-answer', index === (accepted ? digit : 10));
    bar.querySelector('.filled').style.width = `${100 * probability}%`;
    bar.querySelector('.share').textContent = percent(probability);
  });
}

/** @param {string} name */
function emptyBar(name) {
  const track = make('span', { className: 'track' }, make('span', { className: 'filled' }));
  return make('li', {}, make('span', { textContent: name }), track, make('span', { className: 'share' }));
}

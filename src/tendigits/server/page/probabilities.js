// The probabilities of the ten digits and of a non-digit, as bars.

import { byId, make } from './elements.js';
import { percent } from './wording.js';

const NAMES = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'non-digit'];
const NON_DIGIT = 10;

export function startProbabilities() {
  byId('probabilities').replaceChildren(...NAMES.map(emptyBar));
}

/** @param {import('./api.js').DigitResult} digit */
export function showProbabilities({ digit, accepted, probabilities }) {
  const nonDigit = Math.max(0, 1 - probabilities.reduce((sum, each) => sum + each, 0));
  [...probabilities, nonDigit].forEach((probability, index) => {
    const bar = byId('probabilities').children[index];
    bar.classList.toggle('is-label', index === (accepted ? digit : NON_DIGIT));
    bar.querySelector('.filled').style.width = `${100 * probability}%`;
    bar.querySelector('.percent').textContent = percent(probability);
  });
}

/** @param {string} name */
function emptyBar(name) {
  const track = make('span', { className: 'track' }, make('span', { className: 'filled' }));
  return make('li', {}, make('span', { textContent: name }), track, make('span', { className: 'percent' }));
}

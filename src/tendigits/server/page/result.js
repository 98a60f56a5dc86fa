// The result of a picture: its digits, large, and the details of the chosen shape.

import { chooseBox, showBoxes } from './boxes.js';
import { showCorrecting } from './correct.js';
import { byId, make } from './elements.js';
import { showOcclusion } from './occlusion.js';
import { showProbabilities } from './probabilities.js';
import { nameOf, percent, sentenceOf } from './wording.js';

/**
 * @typedef {import('./api.js').DigitResult} DigitResult
 * @typedef {import('./boxes.js').View} View
 */

/**
 * Show a sentence instead of a result.
 * @param {string} sentence
 */
export function clearResult(sentence) {
  fill({ number: '', sentence, digits: [], view: null });
}

export function showWaiting() {
  byId('result').classList.add('waiting');
  byId('sentence').textContent = 'Reading…';
}

/**
 * @param {import('./api.js').PictureResult} result
 * @param {View | null} view the visible part of the picture; null if the picture is not shown
 */
export function showResult(result, view) {
  fill({ number: result.text, sentence: sentenceOf(result), digits: result.digits, view });
}

/** @param {{ number: string, sentence: string, digits: DigitResult[], view: View | null }} shown */
function fill({ number, sentence, digits, view }) {
  byId('result').classList.remove('waiting');
  byId('number').textContent = number;
  byId('number').classList.toggle('long', number.length > 3);
  byId('number').classList.toggle('longer', number.length > 9);
  byId('sentence').textContent = sentence;
  showBoxes(digits, view);
  byId('shapes').hidden = digits.length < 2;
  byId('shapes').replaceChildren(...digits.map((digit, index) => shapeButton(digit, () => choose(digits, index))));
  byId('detail').hidden = digits.length === 0;
  if (digits.length > 0) choose(digits, 0);
}

/**
 * @param {DigitResult[]} digits
 * @param {number} chosen
 */
function choose(digits, chosen) {
  const digit = digits[chosen];
  [...byId('shapes').children].forEach((button, index) => {
    button.setAttribute('aria-pressed', String(index === chosen));
  });
  chooseBox(digits.length > 1 ? chosen : -1);
  byId('frame').src = digit.frame;
  byId('frame').alt = `The frame that was read as ${nameOf(digit.accepted ? digit.digit : 'non-digit')}`;
  showProbabilities(digit);
  showCorrecting(digit);
  showOcclusion(digit);
}

/**
 * @param {DigitResult} digit
 * @param {() => void} onClick
 */
function shapeButton(digit, onClick) {
  const button = make(
    'button',
    { type: 'button' },
    make('img', { src: digit.frame, alt: '', width: 28, height: 28, className: 'frame' }),
    make('b', { textContent: digit.accepted ? digit.digit : '?' }),
    make('small', { textContent: digit.accepted ? percent(digit.confidence) : 'non-digit' }),
  );
  button.addEventListener('click', onClick);
  return button;
}

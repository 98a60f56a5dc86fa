// What was read: the number, large, and for each shape what the answer rests on.

import { showBars } from './bars.js';
import { chooseBox, showBoxes } from './boxes.js';
import { showCorrecting } from './correcting.js';
import { byId, make } from './elements.js';
import { showSight } from './sight.js';
import { inWords, percent, sentenceOf } from './wording.js';

/**
 * @typedef {import('./api.js').DigitAnswer} DigitAnswer
 * @typedef {import('./boxes.js').View} View
 */

/**
 * Show no answer, and what to do in place of it.
 * @param {string} sentence
 */
export function clearAnswer(sentence) {
  fill({ number: '', sentence, digits: [], view: null });
}

export function showWaiting() {
  byId('answer').classList.add('waits');
  byId('sentence').textContent = 'Reading…';
}

/**
 * @param {import('./api.js').PictureAnswer} answer
 * @param {View | null} view of the picture; null where it is not shown
 */
export function showAnswer(answer, view) {
  fill({ number: answer.text, sentence: sentenceOf(answer), digits: answer.digits, view });
}

/** @param {{ number: string, sentence: string, digits: DigitAnswer[], view: View | null }} shown */
function fill({ number, sentence, digits, view }) {
  byId('answer').classList.remove('waits');
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
 * @param {DigitAnswer[]} digits
 * @param {number} chosen
 */
function choose(digits, chosen) {
  const digit = digits[chosen];
  [...byId('shapes').children].forEach((button, index) => {
    button.setAttribute('aria-pressed', String(index === chosen));
  });
  chooseBox(digits.length > 1 ? chosen : -1);
  byId('frame').src = digit.frame;
  byId('frame').alt = `The frame that was read as ${inWords(digit.accepted ? digit.digit : 'no digit')}`;
  showBars(digit);
  showCorrecting(digit);
  showSight(digit);
}

/**
 * @param {DigitAnswer} digit
 * @param {() => void} onClick
 */
function shapeButton(digit, onClick) {
  const button = make(
    'button',
    { type: 'button' },
    make('img', { src: digit.frame, alt: '', width: 28, height: 28, className: 'frame' }),
    make('b', { textContent: digit.accepted ? digit.digit : '?' }),
    make('small', { textContent: digit.accepted ? percent(digit.confidence) : 'no digit' }),
  );
  button.addEventListener('click', onClick);
  return button;
}

// The numbers of a picture, line by line; one of them is chosen.

import { correctionOf } from './corrected.js';
import { byId, make } from './elements.js';
import { percent } from './wording.js';

/**
 * A number and its digits.
 * @typedef {{ number: import('./api.js').NumberResult, digits: import('./api.js').DigitResult[] }} NumberOfDigits
 */

/**
 * Divide the digits of a picture among its numbers.
 * @param {import('./api.js').PictureResult} result
 * @returns {NumberOfDigits[]}
 */
export function numbersOf({ numbers, digits }) {
  let next = 0;
  return numbers.map((number) => {
    const first = next;
    const end = Math.min(digits.length, first + number.text.replace(/[^0-9?]/g, '').length);
    while (next < end && isInside(digits[next].box, number.box)) next += 1;
    return { number, digits: digits.slice(first, next) };
  });
}

/**
 * Show several numbers as buttons.
 * @param {NumberOfDigits[]} numbers none are shown if there is only one
 * @param {(index: number) => void} onChoose
 */
export function showNumbers(numbers, onChoose) {
  const lines = new Map();
  numbers.forEach(({ number }, index) => {
    if (!lines.has(number.line)) lines.set(number.line, make('li'));
    lines.get(number.line).append(numberButton(number, () => onChoose(index)));
  });
  byId('lines').hidden = numbers.length < 2;
  byId('lines').replaceChildren(...lines.values());
}

/**
 * Mark a number as chosen.
 * @param {number} chosen its index
 */
export function markNumber(chosen) {
  byId('lines').querySelectorAll('button').forEach((/** @type {Element} */ button, /** @type {number} */ index) => {
    button.setAttribute('aria-pressed', String(index === chosen));
  });
}

/**
 * The text of a number with its corrections; a non-digit becomes `?`.
 * @param {NumberOfDigits} number
 */
export function correctedText({ number, digits }) {
  let next = 0;
  return number.text.replace(/[0-9?]/g, (symbol) => {
    const digit = digits[next];
    next += 1;
    return digit ? symbolOf(digit) : symbol;
  });
}

/**
 * A digit as it is shown, with its correction.
 * @param {import('./api.js').DigitResult} digit
 */
export function symbolOf(digit) {
  const correct = correctionOf(digit);
  if (correct !== undefined) return correct === 'non-digit' ? '?' : String(correct);
  return digit.accepted ? String(digit.digit) : '?';
}

/**
 * @param {import('./api.js').NumberResult} number
 * @param {() => void} onClick
 */
function numberButton({ text, confidence }, onClick) {
  const button = make(
    'button',
    { type: 'button', className: text.includes('?') ? 'rejected' : '' },
    make('b', { textContent: text }),
    make('small', { textContent: percent(confidence) }),
  );
  button.addEventListener('click', onClick);
  return button;
}

/**
 * @param {import('./api.js').Corners} inner
 * @param {import('./api.js').Corners} outer
 */
function isInside([left, top, right, bottom], outer) {
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  return outer[0] <= x && x <= outer[2] && outer[1] <= y && y <= outer[3];
}

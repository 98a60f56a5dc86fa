// The result of a picture: its pages and numbers, and the details of the chosen digit.

import { chooseDigitBox, chooseNumberBox, showBoxes } from './boxes.js';
import { byId, make } from './elements.js';
import { markNumber, numbersOf, showNumbers } from './numbers.js';
import { showProbabilities, startProbabilities } from './probabilities.js';
import { nameOf, percent, sentenceOf } from './wording.js';

/**
 * @typedef {import('./api.js').DigitResult} DigitResult
 * @typedef {import('./api.js').PictureResult} PictureResult
 * @typedef {import('./boxes.js').View} View
 * @typedef {import('./numbers.js').NumberOfDigits} NumberOfDigits
 */

/** @type {(digit: DigitResult | null) => void} */
let notifyOfDigit = () => {};

/**
 * Prepare the result.
 * @param {(digit: DigitResult | null) => void} onDigit called with the chosen digit whenever another
 *   one is shown, and with null if there is none any more
 */
export function startResult(onDigit) {
  notifyOfDigit = onDigit;
  startProbabilities();
}

/**
 * Show a sentence instead of a result.
 * @param {string} sentence
 */
export function clearResult(sentence) {
  showPages([]);
  fill(sentence, [], null);
}

export function showWaiting() {
  byId('result').classList.add('waiting');
  byId('sentence').textContent = 'Reading…';
}

/**
 * @param {PictureResult[]} pages at least one
 * @param {View | null} view the visible part of the picture; null if the picture is not shown
 */
export function showResult(pages, view) {
  showPages(pages);
  choosePage(pages, 0, view);
}

/** @param {PictureResult[]} pages */
function showPages(pages) {
  byId('pages').hidden = pages.length < 2;
  byId('pages').replaceChildren(
    ...pages.map((result, index) => {
      const button = make('button', { type: 'button', textContent: `Page ${result.page}` });
      button.addEventListener('click', () => choosePage(pages, index, null));
      return button;
    }),
  );
}

/**
 * @param {PictureResult[]} pages
 * @param {number} chosen
 * @param {View | null} view
 */
function choosePage(pages, chosen, view) {
  press('pages', chosen);
  fill(sentenceOf(pages[chosen]), numbersOf(pages[chosen]), view);
}

/**
 * @param {string} sentence
 * @param {NumberOfDigits[]} numbers
 * @param {View | null} view
 */
function fill(sentence, numbers, view) {
  const text = numbers.length === 1 ? numbers[0].number.text : '';
  const choose = (/** @type {number} */ index) => chooseNumber(numbers, index);
  byId('result').classList.remove('waiting');
  byId('number').textContent = text;
  byId('number').classList.toggle('long', text.length > 3);
  byId('number').classList.toggle('longer', text.length > 9);
  byId('sentence').textContent = sentence;
  showNumbers(numbers, choose);
  showBoxes(numbers, view, choose);
  showDigits([]);
  if (numbers.length > 0) choose(0);
}

/**
 * @param {NumberOfDigits[]} numbers
 * @param {number} chosen
 */
function chooseNumber(numbers, chosen) {
  const { digits } = numbers[chosen];
  markNumber(chosen);
  chooseNumberBox(chosen, digits);
  showDigits(digits);
}

/** @param {DigitResult[]} digits */
function showDigits(digits) {
  byId('shapes').hidden = digits.length < 2;
  byId('shapes').replaceChildren(...digits.map((digit, index) => digitButton(digit, () => chooseDigit(digits, index))));
  byId('detail').hidden = digits.length === 0;
  if (digits.length > 0) chooseDigit(digits, 0);
  else notifyOfDigit(null);
}

/**
 * @param {DigitResult[]} digits
 * @param {number} chosen
 */
function chooseDigit(digits, chosen) {
  const digit = digits[chosen];
  press('shapes', chosen);
  chooseDigitBox(digits.length > 1 ? chosen : -1);
  byId('frame').src = digit.frame;
  byId('frame').alt = `The frame that was read as ${nameOf(digit.accepted ? digit.digit : 'non-digit')}`;
  showProbabilities(digit);
  notifyOfDigit(digit);
}

/**
 * @param {string} group
 * @param {number} chosen
 */
function press(group, chosen) {
  [...byId(group).children].forEach((button, index) => {
    button.setAttribute('aria-pressed', String(index === chosen));
  });
}

/**
 * @param {DigitResult} digit
 * @param {() => void} onClick
 */
function digitButton(digit, onClick) {
  const button = make(
    'button',
    { type: 'button' },
    make('img', { src: digit.frame, alt: '', width: 28, height: 28, className: 'frame' }),
    make('b', { textContent: digit.accepted ? digit.digit : '?' }),
    make('small', { textContent: digit.accepted ? percent(digit.confidence) : 'rejected' }),
  );
  button.addEventListener('click', onClick);
  return button;
}

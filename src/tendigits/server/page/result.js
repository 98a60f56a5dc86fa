// The result of a picture: its pages and numbers, and the details of the chosen digit.

import { chooseDigitBox, chooseNumberBox, showBoxes } from './boxes.js';
import { byId, make } from './elements.js';
import { correctedText, markNumber, numbersOf, showNumbers, symbolOf } from './numbers.js';
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
 * A page of a document or one of several pictures: its name, and how its picture is shown.
 * @typedef {{ name: string, result: PictureResult, show?: () => Promise<View | null> }} Page
 */

/** What is shown. @type {{ sentence: string, numbers: NumberOfDigits[], digits: DigitResult[] }} */
const shown = { sentence: '', numbers: [], digits: [] };

export function startCopying() {
  byId('copy').addEventListener('click', async () => {
    await copy(wholeText());
    byId('copy').textContent = 'Copied';
    setTimeout(() => (byId('copy').textContent = 'Copy'), 1500);
  });
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
 * @param {Page[]} pages at least one
 * @param {View | null} view the visible part of the picture; null if the picture is not shown
 */
export function showResult(pages, view) {
  showPages(pages);
  choosePage(pages, 0, view);
}

/** @param {Page[]} pages */
function showPages(pages) {
  byId('pages').hidden = pages.length < 2;
  byId('pages').replaceChildren(
    ...pages.map(({ name, show }, index) => {
      const button = make('button', { type: 'button', textContent: name });
      button.addEventListener('click', async () => choosePage(pages, index, (await show?.()) ?? null));
      return button;
    }),
  );
}

/**
 * @param {Page[]} pages
 * @param {number} chosen
 * @param {View | null} view
 */
function choosePage(pages, chosen, view) {
  press('pages', chosen);
  const { result } = pages[chosen];
  fill(sentenceOf(result), numbersOf(result), view);
}

/**
 * @param {string} sentence
 * @param {NumberOfDigits[]} numbers
 * @param {View | null} view
 */
function fill(sentence, numbers, view) {
  Object.assign(shown, { sentence, numbers });
  const choose = (/** @type {number} */ index) => chooseNumber(numbers, index);
  byId('result').classList.remove('waiting');
  byId('copy').hidden = numbers.length === 0;
  showNumbers(numbers, choose);
  showBoxes(numbers, view, choose);
  if (numbers.length > 0) choose(0);
  else showDigits([]);
  refreshTexts();
}

/** Show the texts of the result again, with the corrections that were made meanwhile. */
export function refreshTexts() {
  const texts = shown.numbers.map(correctedText);
  const text = texts.length === 1 ? texts[0] : '';
  const isCorrected = shown.numbers.some(({ number }, index) => number.text !== texts[index]);
  byId('number').textContent = text;
  byId('number').classList.toggle('long', text.length > 3);
  byId('number').classList.toggle('longer', text.length > 9);
  byId('number').classList.toggle('corrected', isCorrected);
  const corrected = isCorrected ? ` Corrected${text ? ` to ${text}` : ''}.` : '';
  byId('sentence').textContent = shown.sentence + corrected;
  setTexts('#lines b', texts);
  setTexts('#shapes b', shown.digits.map(symbolOf));
}

/**
 * @param {string} selector
 * @param {string[]} texts
 */
function setTexts(selector, texts) {
  document.querySelectorAll(selector).forEach((element, index) => (element.textContent = texts[index]));
}

/** The corrected text of all numbers, one line for each line of the picture. */
function wholeText() {
  /** @type {Map<number, string[]>} */
  const lines = new Map();
  for (const each of shown.numbers) {
    const line = lines.get(each.number.line) ?? [];
    lines.set(each.number.line, [...line, correctedText(each)]);
  }
  return [...lines.values()].map((texts) => texts.join(' ')).join('\n');
}

/**
 * Copy a text. `navigator.clipboard` exists only on HTTPS and localhost.
 * @param {string} text
 */
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = make('textarea', { value: text });
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
  byId('copy').focus();
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
  shown.digits = digits;
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
    make('b', { textContent: symbolOf(digit) }),
    make('small', { textContent: digit.accepted ? percent(digit.confidence) : 'rejected' }),
  );
  button.addEventListener('click', onClick);
  return button;
}

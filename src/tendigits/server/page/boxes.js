// The boxes around numbers and digits, over the drawing or the picture.

import { byId, makeSvg } from './elements.js';

/**
 * The part of a picture that fills the drawing area, centred and as large as possible, in pixels.
 * @typedef {{ left: number, top: number, width: number, height: number }} View
 * @typedef {import('./numbers.js').NumberOfDigits} NumberOfDigits
 */

const MARGIN = 0.12; // around a digit, in heights of it,
const MOST = 0.0125; // but at most this fraction of the visible part; twice as much around a number

let most = 0; // pixels

/**
 * Draw a box around each number, if there are several.
 * @param {NumberOfDigits[]} numbers
 * @param {View | null} view the visible part of the picture; null if the picture is not shown
 * @param {(index: number) => void} onChoose called with the index of a number that is clicked
 */
export function showBoxes(numbers, view, onChoose) {
  byId('boxes').toggleAttribute('hidden', view === null);
  byId('number-boxes').replaceChildren();
  byId('digit-boxes').replaceChildren();
  if (!view) return;
  most = MOST * Math.max(view.width, view.height);
  byId('boxes').setAttribute('viewBox', `${view.left} ${view.top} ${view.width} ${view.height}`);
  if (numbers.length < 2) return;
  numbers.forEach(({ number }, index) => {
    const box = boxAround(number.box, 2, 'number-box');
    box.addEventListener('click', () => onChoose(index));
    byId('number-boxes').append(box);
  });
}

/**
 * Highlight a number and draw a box around each of its digits.
 * @param {number} chosen its index
 * @param {import('./api.js').DigitResult[]} digits
 */
export function chooseNumberBox(chosen, digits) {
  mark('number-boxes', chosen);
  const boxes = digits.map(({ box, accepted }) => boxAround(box, 1, accepted ? 'box' : 'box rejected'));
  byId('digit-boxes').replaceChildren(...boxes);
}

/**
 * Highlight one digit of the chosen number.
 * @param {number} chosen its index; -1 for none
 */
export function chooseDigitBox(chosen) {
  mark('digit-boxes', chosen);
}

/**
 * @param {string} group
 * @param {number} chosen
 */
function mark(group, chosen) {
  [...byId(group).children].forEach((box, index) => box.classList.toggle('chosen', index === chosen));
}

/**
 * @param {import('./api.js').Corners} corners
 * @param {number} margins how many margins wide the space around it is
 * @param {string} name of the class
 */
function boxAround([left, top, right, bottom], margins, name) {
  const around = margins * Math.min(most, MARGIN * (bottom - top));
  return makeSvg('rect', {
    x: left - around,
    y: top - around,
    width: right - left + 2 * around,
    height: bottom - top + 2 * around,
    rx: around,
    class: name,
  });
}

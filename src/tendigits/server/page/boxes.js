// The boxes around what was found, over the drawing or the picture.

import { byId, makeSvg } from './elements.js';

/**
 * Draw a box around each digit.
 * @param {import('./api.js').DigitAnswer[]} digits
 * @param {{ width: number, height: number }} size of the picture that they were found in, in pixels
 */
export function showBoxes(digits, { width, height }) {
  const boxes = byId('boxes');
  boxes.setAttribute('viewBox', `0 0 ${width} ${height}`);
  boxes.replaceChildren(...digits.map((digit) => boxOf(digit, Math.max(width, height))));
}

/**
 * Make one box stand out.
 * @param {number} chosen its number
 */
export function chooseBox(chosen) {
  [...byId('boxes').children].forEach((box, index) => box.classList.toggle('chosen', index === chosen));
}

/**
 * @param {import('./api.js').DigitAnswer} digit
 * @param {number} side
 */
function boxOf({ box: [left, top, right, bottom], accepted }, side) {
  const air = side / 80;
  return makeSvg('rect', {
    x: left - air,
    y: top - air,
    width: right - left + 2 * air,
    height: bottom - top + 2 * air,
    rx: air,
    class: accepted ? 'box' : 'box refused',
  });
}

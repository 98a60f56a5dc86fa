// The boxes around what was found, over the drawing or the picture.

import { byId, makeSvg } from './elements.js';

/**
 * What of a picture's pixels fills the stage, in the middle and as large as it can be.
 * @typedef {{ left: number, top: number, width: number, height: number }} View
 */

/**
 * Draw a box around each digit.
 * @param {import('./api.js').DigitAnswer[]} digits
 * @param {View | null} view of the picture that they were found in; null where it is not shown
 */
export function showBoxes(digits, view) {
  const boxes = byId('boxes');
  boxes.replaceChildren();
  if (!view) return;
  const { left, top, width, height } = view;
  boxes.setAttribute('viewBox', `${left} ${top} ${width} ${height}`);
  boxes.append(...digits.map((digit) => boxOf(digit, Math.max(width, height))));
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
    class: accepted ? 'box' : 'box rejected',
  });
}

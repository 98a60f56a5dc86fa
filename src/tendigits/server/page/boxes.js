// The boxes around the shapes, over the drawing or the picture.

import { byId, makeSvg } from './elements.js';

/**
 * The part of a picture that fills the drawing area, centred and as large as possible, in pixels.
 * @typedef {{ left: number, top: number, width: number, height: number }} View
 */

/**
 * Draw a box around each shape.
 * @param {import('./api.js').DigitResult[]} digits
 * @param {View | null} view the visible part of the picture; null if the picture is not shown
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
 * Highlight one box.
 * @param {number} chosen its index
 */
export function chooseBox(chosen) {
  [...byId('boxes').children].forEach((box, index) => box.classList.toggle('chosen', index === chosen));
}

/**
 * @param {import('./api.js').DigitResult} digit
 * @param {number} side
 */
function boxOf({ box: [left, top, right, bottom], accepted }, side) {
  const margin = side / 80;
  return makeSvg('rect', {
    x: left - margin,
    y: top - margin,
    width: right - left + 2 * margin,
    height: bottom - top + 2 * margin,
    rx: margin,
    class: accepted ? 'box' : 'box rejected',
  });
}

// Shapes of ink, for pages without a finder: pieces that are connected, or one above the other.

import { clip, percentiles } from './arrays.js';
import { label, otsu } from './morphology.js';

/** @typedef {import('./resize.js').Image} Image */

const LEAST_CONTRAST = 40; // grey levels
const SMALLEST = 0.15; // of the height of the tallest shape; smaller ones are specks
const COMMON = 0.5; // of the width of the narrower of two pieces of one digit
const GAP = 0.35; // of the height of the taller one: the widest gap between two pieces of one digit

/**
 * The shapes of a drawing or a clean picture, each with its ink.
 * @param {Image} grey
 * @returns {{ box: number[], levels: Image }[]}
 */
export function findShapes(grey) {
  const [dark, paper, light] = percentiles(grey.data, [0, 50, 100]);
  const isDark = paper - dark >= light - paper;
  const full = isDark ? paper - dark : light - paper;
  if (full < LEAST_CONTRAST) return [];
  const ink = grey.data.map((level) => clip((isDark ? paper - level : level - paper) / full, 0, 1));
  const threshold = clip(otsu(ink.map((level) => Math.trunc(255 * level))) / 255, 0.25, 0.6);
  const mask = Uint8Array.from(ink, (level) => Number(level > threshold));
  const { labels, count } = label(mask, grey.width);
  const pieces = boxesOf(labels, count, grey.width).map((box, at) => ({ box, pieces: new Set([at + 1]) }));
  const tallest = Math.max(0, ...pieces.map(({ box }) => longer(box)));
  const shapes = merged(pieces).filter(({ box }) => longer(box) >= SMALLEST * tallest);
  return shapes.map((shape) => ({ box: shape.box, levels: inkOf(ink, labels, grey.width, shape) }));
}

/**
 * @param {Int32Array} labels
 * @param {number} count
 * @param {number} width
 */
function boxesOf(labels, count, width) {
  const boxes = Array.from({ length: count - 1 }, () => [Infinity, Infinity, 0, 0]);
  labels.forEach((piece, at) => {
    if (!piece) return;
    const box = boxes[piece - 1];
    const [x, y] = [at % width, Math.floor(at / width)];
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x + 1);
    box[3] = Math.max(box[3], y + 1);
  });
  return boxes;
}

/**
 * Put pieces together that are above each other, as the bar of a 5.
 * @param {{ box: number[], pieces: Set<number> }[]} shapes
 */
function merged(shapes) {
  const result = [...shapes];
  for (let one = 0; one < result.length; one += 1) {
    for (let other = one + 1; other < result.length; other += 1) {
      if (!belong(result[one].box, result[other].box)) continue;
      const [a, b] = [result[one].box, result[other].box];
      result[one] = {
        box: [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])],
        pieces: new Set([...result[one].pieces, ...result[other].pieces]),
      };
      result.splice(other, 1);
      other = one; // it may be beside others now
    }
  }
  return result;
}

/**
 * @param {number[]} one
 * @param {number[]} other
 */
function belong(one, other) {
  const common = Math.min(one[2], other[2]) - Math.max(one[0], other[0]);
  const narrower = Math.min(one[2] - one[0], other[2] - other[0]);
  const between = Math.max(one[1], other[1]) - Math.min(one[3], other[3]);
  const taller = Math.max(one[3] - one[1], other[3] - other[1]);
  return common >= COMMON * narrower && between <= GAP * taller;
}

/**
 * @param {Float32Array} ink
 * @param {Int32Array} labels
 * @param {number} width
 * @param {{ box: number[], pieces: Set<number> }} shape
 * @returns {Image}
 */
function inkOf(ink, labels, width, { box: [left, top, right, bottom], pieces }) {
  const data = new Float32Array((right - left) * (bottom - top));
  data.forEach((_, at) => {
    const place = (top + Math.floor(at / (right - left))) * width + left + (at % (right - left));
    if (!labels[place] || pieces.has(labels[place])) data[at] = ink[place];
  });
  return { data, width: right - left, height: bottom - top };
}

/** @param {number[]} box */
function longer([left, top, right, bottom]) {
  return Math.max(right - left, bottom - top);
}

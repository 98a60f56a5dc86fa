// The frames of what may be digits, of which the classifier is given a bounded number, as in
// tendigits/reading/frames.py.

import { sum } from './arrays.js';
import { constants } from './constants.js';
import { makeFrame } from './frame.js';
import { inkIn, isDarkOnLight, plainInk } from './ink.js';

/**
 * @typedef {import('./resize.js').Image} Image
 * @typedef {import('./finder.js').Found} Found
 * @typedef {{ frame: Uint8Array, isolation: number, isClassified: boolean }} Framed
 */

/**
 * The frames of the candidates that may be digits, by their index.
 * @param {Image} grey
 * @param {Found[]} found the surest first
 * @returns {Map<number, Framed>}
 */
export function frameDigits(grey, found) {
  const { DIGIT, STRONG, VOTERS } = constants.frames;
  const indices = found.map((_, at) => at);
  const digits = indices.filter((at) => sum(digitsOf(found[at])) >= DIGIT);
  const strong = digits.filter((at) => found[at].score >= STRONG);
  const voters = (strong.length ? strong : digits).slice(0, VOTERS);
  const isDark = isDarkOnLight(grey, voters.map((at) => found[at].box));
  const classified = new Set(leastSure(digits, found));
  return new Map(digits.map((at) => [at, framed(grey, found[at], isDark, classified.has(at))]));
}

/**
 * Where the ink of a whole picture is, and its frame; null if there is none.
 * @param {Image} grey
 * @returns {{ box: number[], frame: Uint8Array } | null}
 */
export function frameImage(grey) {
  /** @type {[number, number, number, number]} */
  const whole = [0, 0, grey.width, grey.height];
  const isDark = isDarkOnLight(grey, [whole]);
  const { levels } = inkIn(grey, whole, isDark);
  return levels.data.some(Boolean) ? { box: boxOfInk(grey, isDark), frame: makeFrame(levels) } : null;
}

/**
 * @param {Image} grey
 * @param {boolean} isDark
 */
function boxOfInk({ data, width }, isDark) {
  const levels = isDark ? data.map((level) => 255 - level) : data;
  const middle = (Math.min(...levels) + Math.max(...levels)) / 2;
  const box = [Infinity, Infinity, 0, 0];
  levels.forEach((level, at) => {
    if (level <= middle) return;
    const [x, y] = [at % width, Math.floor(at / width)];
    [box[0], box[1]] = [Math.min(box[0], x), Math.min(box[1], y)];
    [box[2], box[3]] = [Math.max(box[2], x + 1), Math.max(box[3], y + 1)];
  });
  return box;
}

/**
 * @param {number[]} digits
 * @param {Found[]} found
 */
function leastSure(digits, found) {
  const { MOST_CLASSIFIED } = constants.frames;
  const certainty = (/** @type {number} */ at) => Math.abs(Math.max(...digitsOf(found[at])) * found[at].score - 0.5);
  if (digits.length <= MOST_CLASSIFIED) return digits;
  return [...digits].sort((one, other) => certainty(one) - certainty(other)).slice(0, MOST_CLASSIFIED);
}

/**
 * @param {Image} grey
 * @param {Found} found
 * @param {boolean} isDark
 * @param {boolean} isClassified
 * @returns {Framed}
 */
function framed(grey, { box }, isDark, isClassified) {
  if (!isClassified) return { frame: makeFrame(plainInk(grey, box, isDark), false), isolation: 0, isClassified };
  const { levels, isolation } = inkIn(grey, box, isDark);
  return { frame: makeFrame(levels), isolation, isClassified };
}

/** @param {Found} found */
function digitsOf({ classes }) {
  return classes.subarray(0, constants.finder.DIGIT_CLASSES);
}

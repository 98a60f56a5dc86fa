// Characters into lines, without marks that are out of place, as in tendigits/reading/lines.py and
// marks.py.

import { align } from './alignment.js';
import { median, mean, sum } from './arrays.js';
import { constants } from './constants.js';

/**
 * @typedef {object} Character
 * @property {number[]} box left, top, right and bottom in whole pixels
 * @property {Float32Array} probabilities of the characters
 *
 * @typedef {object} Line
 * @property {number[]} indices which of all characters they are, from left to right
 * @property {Character[]} characters marks that are out of place have the probability 0
 * @property {number} height the median height of the digits
 */

/**
 * All characters in lines, whatever their probability.
 * @param {Character[]} characters
 * @returns {Line[]}
 */
export function findLines(characters) {
  if (!characters.length) return [];
  const { lines, boxes } = align(characters.map(({ box }) => box), likely(characters), constants.lines.OVERLAP);
  return lines.map((indices) => {
    const members = indices.map((index) => characters[index]);
    const height = median([...likely(members)].map((at) => members[at].box[3] - members[at].box[1]));
    return { indices, characters: placed(members, indices.map((index) => boxes[index]), height), height };
  });
}

/** @param {Character} character */
export function probabilityOf({ probabilities }) {
  return Math.min(1, sum(probabilities));
}

/** @param {Character} character */
export function isMark({ probabilities }) {
  const { DIGIT_CLASSES } = constants.finder;
  return sum(probabilities.subarray(DIGIT_CLASSES)) > sum(probabilities.subarray(0, DIGIT_CLASSES));
}

/** @param {Character[]} characters */
function likely(characters) {
  const all = characters.map((_, at) => at);
  const digits = all.filter((at) => !isMark(characters[at]));
  const some = digits.filter((at) => probabilityOf(characters[at]) >= 0.5);
  return new Set([some, digits, all].find((each) => each.length));
}

/**
 * The characters, with the probability 0 for each mark that is out of place.
 * @param {Character[]} line
 * @param {number[][]} level their boxes, as if the line were level
 * @param {number} height
 */
function placed(line, level, height) {
  const { MARKS, DIGIT_CLASSES } = constants.finder;
  const { REACH, PLACES } = constants.marks;
  const digits = line.map((_, at) => at).filter((at) => probabilityOf(line[at]) >= 0.5 && !isMark(line[at]));
  return line.map((character, at) => {
    const before = digits.filter((digit) => digit < at).slice(-1);
    const after = digits.filter((digit) => digit > at).slice(0, 1);
    const near = [...before, ...after].map((digit) => level[digit]);
    if (!near.length || character.probabilities.subarray(DIGIT_CLASSES).every((each) => each === 0)) return character;
    const isPossible = before.length > 0 || near[0][0] - level[at][2] <= REACH * height;
    const probabilities = character.probabilities.slice();
    [...MARKS].forEach((mark, index) => {
      if (!isPossible || !isInPlace(level[at], PLACES[mark], near, height)) probabilities[DIGIT_CLASSES + index] = 0;
    });
    return { ...character, probabilities };
  });
}

/**
 * @param {number[]} box
 * @param {{ highest: number, lowest: number, heights: [number, number], width: number }} place
 * @param {number[][]} digits
 * @param {number} height
 */
function isInPlace([left, top, right, bottom], place, digits, height) {
  const [upper, lower] = [mean(digits.map((digit) => digit[1])), mean(digits.map((digit) => digit[3]))];
  const centre = ((top + bottom) / 2 - upper) / (lower - upper);
  const tall = (bottom - top) / height;
  return (
    place.highest <= centre && centre <= place.lowest &&
    place.heights[0] <= tall && tall <= place.heights[1] &&
    (right - left) / height <= place.width
  );
}

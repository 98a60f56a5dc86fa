// What becomes of the candidates of a view, as in tendigits/images/finder.py.

import { constants } from './constants.js';

/** @typedef {import('./finder.js').Found} Found */

/**
 * @param {[number, number, number, number]} box
 * @param {number} right
 * @param {number} down
 * @returns {[number, number, number, number]}
 */
export function moved([left, top, toRight, bottom], right, down) {
  return [left + right, top + down, toRight + right, bottom + down];
}

/**
 * The candidates, those that are high enough averaged with those of another view.
 * @param {Found[]} found
 * @param {Found[]} before the candidates of the other view; one that is missing there has the lowest
 *   score
 * @param {number} scale the pixels of the other view along a pixel of the picture
 * @returns {Found[]}
 */
export function averaged(found, before, scale) {
  const isLegible = (/** @type {Found} */ { box }) => (box[3] - box[1]) * scale >= constants.finder.LEGIBLE_HEIGHT;
  return found
    .map((each) => (isLegible(each) ? mean(each, mostLike(each, before)) : each))
    .sort((one, other) => other.score - one.score);
}

/**
 * The candidate whose box is most like another; null if none is like it.
 * @param {Found} found
 * @param {Found[]} others
 */
function mostLike(found, others) {
  let [best, most] = [/** @type {Found | null} */ (null), constants.finder.SAME_UNION];
  for (const other of others) {
    const common = commonOf(found, other);
    const overlap = common / (area(found) + area(other) - common);
    if (overlap > most) [best, most] = [other, overlap];
  }
  return best;
}

/**
 * @param {Found} found
 * @param {Found | null} other
 * @returns {Found}
 */
function mean(found, other) {
  if (!other) return { ...found, score: meanScore(found.score, constants.finder.WEAKEST) };
  const classes = found.classes.map((each, at) => Math.sqrt(each * other.classes[at]));
  const sum = classes.reduce((total, each) => total + each, 0);
  return { ...found, score: meanScore(found.score, other.score), classes: classes.map((each) => each / sum) };
}

/**
 * @param {number} first
 * @param {number} second
 */
function meanScore(first, second) {
  const [one, other] = [first, second].map((each) => Math.min(each, constants.finder.SUREST));
  const odds = Math.sqrt(((one / (1 - one)) * other) / (1 - other));
  return odds / (1 + odds);
}

/** @param {Found} found */
function area({ box }) {
  return (box[2] - box[0]) * (box[3] - box[1]);
}

/**
 * @param {Found} one
 * @param {Found} other
 */
function commonOf(one, other) {
  const across = Math.min(one.box[2], other.box[2]) - Math.max(one.box[0], other.box[0]);
  const down = Math.min(one.box[3], other.box[3]) - Math.max(one.box[1], other.box[1]);
  return Math.max(0, across) * Math.max(0, down);
}

/**
 * The candidates, without those that a surer one of the same kind covers.
 * @param {Found[]} found
 */
export function withoutDuplicates(found) {
  const { SAME_UNION, SAME_PART } = constants.finder;
  /** @type {Found[]} */
  const kept = [];
  for (const each of found) {
    const isCovered = kept.some((other) => {
      const common = commonOf(each, other);
      const part = common / Math.min(area(each), area(other));
      const isSame = common >= SAME_UNION * (area(each) + area(other) - common);
      return isSame || (part > SAME_PART && each.isDigit === other.isDigit);
    });
    if (!isCovered) kept.push(each);
  }
  return kept;
}

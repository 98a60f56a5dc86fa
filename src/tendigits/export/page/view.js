// How the lines of a page lean, as in tendigits/reading/view.py.

import { argmax, round } from './arrays.js';
import { constants } from './constants.js';

/**
 * @typedef {object} View
 * @property {number} along
 * @property {number} across
 * @property {number} reach
 * @property {number} slope
 * @property {number} change
 */

/**
 * @param {number[]} middles
 * @param {[number[], number[]]} edges tops and bottoms
 * @param {number} unit the usual height
 * @returns {View}
 */
export function findView(middles, edges, unit) {
  const C = constants.view;
  const all = edges.flat();
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const [first, last] = [Math.min(...middles), Math.max(...middles)];
  const [along, across] = [(first + last) / 2, (low + high) / 2];
  const reach = Math.max(1, (last - first) / 2);
  const height = Math.max(unit, (high - low) / C.MOST_HEIGHTS);
  const right = middles.map((each) => (each - along) / reach);
  const down = edges.map((side) => side.map((each) => (each - across) / height));
  let [slope, change] = [0, 0];
  if (middles.length > 1) {
    const search = { right, down, reach: reach / height };
    [slope, change] = best(search, steps(C.MAX_SLOPE, C.SLOPE_STEP), steps(C.MAX_CHANGE, C.CHANGE_STEP));
    const around = [-2, -1, 0, 1, 2].map((step) => step * C.FINER);
    const [nearSlope, nearChange] = [slope, change];
    [slope, change] = best(
      search,
      around.map((step) => nearSlope + C.SLOPE_STEP * step),
      around.map((step) => nearChange + C.CHANGE_STEP * step),
    );
  }
  return { along, across, reach, slope, change };
}

/**
 * The level of a point that is at `along` a line and `across` the lines.
 * @param {View} view
 * @param {number} along
 * @param {number} across
 */
export function levelOf(view, along, across) {
  const [right, down] = [(along - view.along) / view.reach, across - view.across];
  return (down - view.slope * view.reach * right) / (1 + view.change * right);
}

/**
 * @param {number} largest
 * @param {number} step
 */
function steps(largest, step) {
  const count = round(largest / step);
  return Array.from({ length: 2 * count + 1 }, (_, at) => (at - count) * step);
}

/**
 * The slope and the change with which most pairs of edges are level.
 * @param {{ right: number[], down: number[][], reach: number }} search
 * @param {number[]} slopes
 * @param {number[]} changes
 * @returns {[number, number]}
 */
function best({ right, down, reach }, slopes, changes) {
  const { EVIDENCE, MAX_SLOPE, MAX_CHANGE } = constants.view;
  const evidence = Math.min(EVIDENCE[0] * right.length, EVIDENCE[1]);
  /** @type {[number, number][]} */
  const trials = changes.flatMap((change) => slopes.map((slope) => /** @type {[number, number]} */ ([slope, change])));
  const pairs = down.map((side) =>
    levelPairs(trials.map(([slope, change]) => side.map((each, at) => (each - slope * reach * right[at]) / (1 + change * right[at])))),
  );
  const scores = trials.map(([slope, change], trial) => {
    const effort = Math.abs(slope) / MAX_SLOPE + Math.abs(change) / MAX_CHANGE;
    return (pairs[0][trial] + pairs[1][trial]) / 2 - evidence * effort;
  });
  return trials[argmax(scores)];
}

/**
 * The number of level pairs in each trial; those that differ a little count in part.
 * @param {number[][]} trials the levels in each of them
 */
function levelPairs(trials) {
  const lowest = trials.reduce((least, levels) => Math.min(least, ...levels), Infinity);
  return trials.map((levels) => pairsOf(levels.map((level) => round((level - lowest) * constants.view.BINS))));
}

/** @param {number[]} bins of the levels */
function pairsOf(bins) {
  const { BINS } = constants.view;
  const counts = new Map();
  for (const bin of bins) counts.set(bin, (counts.get(bin) ?? 0) + 1);
  let pairs = -bins.length / 2;
  for (const [bin, count] of counts) {
    pairs += (count * count) / 2;
    for (let apart = 1; apart < BINS / 2; apart += 1) {
      pairs += (1 - (2 * apart) / BINS) * count * (counts.get(bin - apart) ?? 0);
    }
  }
  return pairs;
}

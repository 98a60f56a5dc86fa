// Boxes into lines, as in tendigits/reading/alignment.py.

import { argmax, mean, median } from './arrays.js';
import { constants } from './constants.js';
import { findView, levelOf } from './view.js';

/** @typedef {number[]} Box left, top, right and bottom */

/**
 * All boxes in lines.
 * @param {Box[]} boxes at least one
 * @param {Set<number>} likely the indices of those that lines are made of
 * @param {number} overlap
 * @returns {{ lines: number[][], boxes: Box[] }} the boxes have their levels as top and bottom
 */
export function align(boxes, likely, overlap) {
  const chosen = [...likely].sort((one, other) => one - other).map((at) => boxes[at]);
  const edges = /** @type {[number[], number[]]} */ ([chosen.map((box) => box[1]), chosen.map((box) => box[3])]);
  const view = findView(chosen.map(middle), edges, median(chosen.map(height)));
  const level = boxes.map((box) => [box[0], levelOf(view, middle(box), box[1]), box[2], levelOf(view, middle(box), box[3])]);
  /** @type {number[][]} */
  const lines = [];
  let left = boxes.map((_, at) => at);
  while (left.length) {
    const some = left.filter((each) => likely.has(each));
    const found = linesOf(level, left, some.length ? some : left, overlap);
    lines.push(...found.lines);
    left = found.left;
  }
  const places = new Map(lines.map((line) => [line, mean(line.map((each) => centre(level[each])))]));
  lines.sort((one, other) => /** @type {number} */ (places.get(one)) - /** @type {number} */ (places.get(other)));
  const inOrder = lines.map((line) => [...line].sort((one, other) => middle(boxes[one]) - middle(boxes[other])));
  return { lines: inOrder, boxes: level };
}

/**
 * Lines of the likely boxes of a typical height, and what is beside no line.
 * @param {Box[]} level
 * @param {number[]} among
 * @param {number[]} likely
 * @param {number} overlap
 */
function linesOf(level, among, likely, overlap) {
  const [low, high] = constants.alignment.TYPICAL;
  const usual = median(likely.map((each) => height(level[each])));
  let typical = likely.filter((each) => low <= height(level[each]) / usual && height(level[each]) / usual <= high);
  if (!typical.length) typical = likely.filter((each) => height(level[each]) >= usual);
  const cores = follow(level, typical, overlap);
  const lines = cores.map((core) => [...core]);
  /** @type {number[]} */
  const left = [];
  for (const each of among.filter((one) => !typical.includes(one)).sort((one, other) => one - other)) {
    const home = lineBeside(level, cores, level[each]);
    if (home < 0) left.push(each);
    else lines[home].push(each);
  }
  return { lines, left };
}

/**
 * Lines, followed from left to right.
 * @param {Box[]} level
 * @param {number[]} chosen
 * @param {number} overlap
 */
function follow(level, chosen, overlap) {
  /** @type {number[][]} */
  const lines = [];
  /** @type {[number, number][]} */
  const ends = [];
  for (const each of [...chosen].sort((one, other) => middle(level[one]) - middle(level[other]))) {
    const [, top, , bottom] = level[each];
    const overlaps = ends.map(([from, to]) => (Math.min(to, bottom) - Math.max(from, top)) / Math.min(to - from, bottom - top));
    let home = overlaps.length ? argmax(overlaps) : -1;
    if (home < 0 || overlaps[home] < overlap) home = lines.push([]) - 1;
    lines[home].push(each);
    const last = lines[home].slice(-constants.alignment.NEAREST).map((at) => level[at]);
    ends[home] = [mean(last.map((box) => box[1])), mean(last.map((box) => box[3]))];
  }
  return lines;
}

/**
 * Which line a box is beside; -1 if there is none.
 * @param {Box[]} level
 * @param {number[][]} lines
 * @param {Box} box
 */
function lineBeside(level, lines, box) {
  const { ABOVE, BELOW, TALLEST } = constants.alignment;
  let [best, home] = [Infinity, -1];
  lines.forEach((line, number) => {
    const [top, bottom] = band(line.map((each) => level[each]), middle(box));
    const [tall, middleOfLine] = [bottom - top, (top + bottom) / 2];
    const isNear = centre(box) >= top - ABOVE * tall && centre(box) <= bottom + BELOW * tall;
    const isAcross = box[1] <= middleOfLine && middleOfLine <= box[3] && height(box) <= TALLEST * tall;
    const distance = Math.abs(centre(box) - middleOfLine) / tall;
    if ((isNear || isAcross) && distance < best) [best, home] = [distance, number];
  });
  return home;
}

/**
 * The top and the bottom of a line at some place.
 * @param {Box[]} members
 * @param {number} place
 */
function band(members, place) {
  const apart = (/** @type {Box} */ box) => Math.abs(middle(box) - place);
  const near = [...members].sort((one, other) => apart(one) - apart(other)).slice(0, constants.alignment.NEAREST);
  return [mean(near.map((box) => box[1])), mean(near.map((box) => box[3]))];
}

/** @param {Box} box */
function middle(box) {
  return (box[0] + box[2]) / 2;
}

/** @param {Box} box */
function centre(box) {
  return (box[1] + box[3]) / 2;
}

/** @param {Box} box */
function height(box) {
  return box[3] - box[1];
}

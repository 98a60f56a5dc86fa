// The characters of a picture into numbers, as in tendigits/reading/numbers.py.

import { argmax, sum } from './arrays.js';
import { constants } from './constants.js';
import { findLines, isMark, probabilityOf } from './lines.js';

export const UNREADABLE = '?';

/**
 * @typedef {import('./lines.js').Character} Character
 * @typedef {import('./lines.js').Line} Line
 *
 * @typedef {object} SpelledNumber
 * @property {string} text
 * @property {number[]} box
 * @property {number} confidence
 * @property {number} line
 * @property {number[]} indices which of all characters they are
 */

/**
 * The numbers, line by line and from left to right.
 * @param {Character[]} characters
 * @param {number} threshold
 * @returns {SpelledNumber[]}
 */
export function groupNumbers(characters, threshold) {
  const least = Math.min(threshold, constants.numbers.LIKELY);
  const lines = findLines(characters).map((line) => ({
    line,
    elements: line.characters.map((_, at) => at).filter((at) => {
      const probability = probabilityOf(line.characters[at]);
      return probability > 0 && probability >= least;
    }),
  }));
  const page = lines.flatMap(({ line, elements }) => digitGaps(line, elements));
  /** @type {SpelledNumber[]} */
  const numbers = [];
  let count = 0;
  for (const { line, elements } of lines) {
    const own = digitGaps(line, elements);
    const limit = widestGap(own.length > 1 ? own : page) * line.height;
    const spelled = divide(line, elements, limit).map((run) => spell(line, run, limit, threshold));
    const found = /** @type {SpelledNumber[]} */ (spelled.filter(Boolean));
    numbers.push(...found.map((each) => ({ ...each, line: count })));
    count += Number(found.length > 0);
  }
  return numbers;
}

/** @param {number[]} gaps */
function widestGap(gaps) {
  const C = constants.numbers;
  const sorted = [...gaps].sort((one, other) => one - other);
  const usual = gaps.length ? Math.max(0, sorted[Math.floor((gaps.length - 1) / 4)]) : C.USUAL_GAP;
  return Math.min(C.GAP + C.USUAL_GAPS * usual, C.WIDEST_GAP);
}

/**
 * @param {Line} line
 * @param {number[]} elements
 */
function digitGaps(line, elements) {
  return elements.slice(1).flatMap((at, before) => {
    const [left, right] = [line.characters[elements[before]], line.characters[at]];
    return isMark(left) || isMark(right) ? [] : [gap(line, left, right) / line.height];
  });
}

/**
 * @param {Line} line
 * @param {Character} left
 * @param {Character} right
 */
function gap(line, left, right) {
  const narrowest = constants.numbers.NARROWEST_DIGIT * line.height;
  const reach = [left, right].map((each) => {
    const width = each.box[2] - each.box[0];
    return isMark(each) ? width : Math.max(width, narrowest);
  });
  const middles = (right.box[0] + right.box[2] - left.box[0] - left.box[2]) / 2;
  return middles - (reach[0] + reach[1]) / 2;
}

/**
 * @param {Line} line
 * @param {number[]} elements
 * @param {number} limit
 */
function divide(line, elements, limit) {
  /** @type {number[][]} */
  const runs = [];
  for (const at of elements) {
    const last = runs[runs.length - 1];
    if (last && gap(line, line.characters[last[last.length - 1]], line.characters[at]) <= limit) last.push(at);
    else runs.push([at]);
  }
  return runs;
}

/**
 * The number that some characters of a line spell; null if they spell none.
 * @param {Line} line
 * @param {number[]} run
 * @param {number} limit
 * @param {number} threshold
 * @returns {SpelledNumber | null}
 */
function spell(line, run, limit, threshold) {
  const symbols = run.map((at) => ({ at, symbol: symbolOf(line.characters[at], threshold) }));
  const shown = withoutStrayMarks(symbols.filter(({ symbol }) => symbol), line);
  if (!shown.length) return null;
  const own = shown.map(({ at }) => at);
  const boxes = own.map((at) => line.characters[at].box);
  return {
    text: shown.map(({ symbol }) => symbol).join(''),
    box: [0, 1, 2, 3].map((side) => (side < 2 ? Math.min : Math.max)(...boxes.map((box) => box[side]))),
    confidence: shown.reduce((product, each) => product * chance(line, each), nothingElse(line, own, limit)),
    line: 0,
    indices: own.map((at) => line.indices[at]),
  };
}

/**
 * How a character is shown in the text; nothing if it is left out.
 * @param {Character} character
 * @param {number} threshold
 */
function symbolOf(character, threshold) {
  const { CHARACTERS, DIGIT_CLASSES, MARKS } = constants.finder;
  if (probabilityOf(character) < Math.min(threshold, constants.numbers.PRESENT)) return '';
  const best = argmax(character.probabilities);
  if (character.probabilities[best] >= threshold) return CHARACTERS[best];
  if (!isMark(character)) return UNREADABLE;
  return MARKS[argmax(character.probabilities.subarray(DIGIT_CLASSES))];
}

/**
 * @param {Line} line
 * @param {{ at: number, symbol: string }} shown
 */
function chance(line, { at, symbol }) {
  const { CHARACTERS, DIGIT_CLASSES } = constants.finder;
  const character = line.characters[at];
  if (symbol === UNREADABLE) return Math.max(...character.probabilities.subarray(0, DIGIT_CLASSES));
  return character.probabilities[CHARACTERS.indexOf(symbol)];
}

/**
 * @param {Character} character
 * @param {string} some characters
 */
function probabilityOfSome({ probabilities }, some) {
  return Math.min(1, sum([...some].map((each) => probabilities[constants.finder.CHARACTERS.indexOf(each)])));
}

/**
 * @param {{ at: number, symbol: string }[]} shown
 * @param {Line} line
 */
function withoutStrayMarks(shown, line) {
  const isSymbolOfMark = (/** @type {string} */ symbol) => constants.finder.MARKS.includes(symbol);
  /** @type {{ at: number, symbol: string }[]} */
  const kept = [];
  for (const each of shown) {
    const last = kept[kept.length - 1];
    const isSecond = last && isSymbolOfMark(last.symbol) && isSymbolOfMark(each.symbol);
    const isStart = kept.length === 1 && last.symbol === '-' && '.,'.includes(each.symbol);
    if (!isSecond || isStart) kept.push(each);
    else if (chance(line, each) > chance(line, last)) kept[kept.length - 1] = each;
  }
  const digits = kept.map((_, place) => place).filter((place) => !isSymbolOfMark(kept[place].symbol));
  if (!digits.length) return [];
  const start = kept.slice(0, digits[0]).map(({ symbol }) => symbol).join('');
  const first = constants.numbers.STARTS.includes(start) ? 0 : digits[0];
  return kept.slice(first, digits[digits.length - 1] + 1);
}

/**
 * The probability that a line has no further character inside or beside a number.
 * @param {Line} line
 * @param {number[]} own
 * @param {number} limit
 */
function nothingElse(line, own, limit) {
  const { DIGITS } = constants.finder;
  const [start, end] = [own[0], own[own.length - 1]];
  const [first, last] = [line.characters[start], line.characters[end]];
  return line.characters.reduce((product, other, at) => {
    if (own.includes(at)) return product;
    if (start < at && at < end) return product * (1 - probabilityOf(other));
    if (at < start && gap(line, other, first) <= limit) return product * (1 - probabilityOfSome(other, `${DIGITS}-.,`));
    if (at > end && gap(line, last, other) <= limit) return product * (1 - probabilityOfSome(other, DIGITS));
    return product;
  }, 1);
}

// From a picture to its digits and numbers, as in tendigits/reading/reader.py.

import { round } from './arrays.js';
import { combine } from './combine.js';
import { constants } from './constants.js';
import { makeFrame } from './frame.js';
import { frameDigits, frameImage } from './frames.js';
import { probabilityOf } from './lines.js';
import { findShapes } from './shapes.js';
import { groupNumbers, UNREADABLE } from './spelling.js';

/**
 * @typedef {import('./resize.js').Image} Image
 * @typedef {import('./lines.js').Character & { frame: Uint8Array | null }} Framed
 */

export class Reader {
  /**
   * @param {import('./classifier.js').Classifier} classifier
   * @param {import('./finder.js').Finder | null} finder without one, each piece of ink is a digit
   * @param {number} threshold the confidence below which a digit is rejected
   */
  constructor(classifier, finder, threshold) {
    this.classifier = classifier;
    this.finder = finder;
    this.threshold = threshold;
  }

  /**
   * @param {Image} grey
   * @param {number} scale the width of one of its pixels in pixels of the original picture
   */
  read(grey, scale) {
    const characters = this.seen(grey).filter((each) => probabilityOf(each) >= constants.reader.LEAST);
    const numbers = groupNumbers(characters, this.threshold);
    const digits = numbers.flatMap(({ text, indices }) =>
      indices.flatMap((index, at) => {
        const isDigit = text[at] === UNREADABLE || constants.finder.DIGITS.includes(text[at]);
        return isDigit && characters[index].frame ? [this.digit(characters[index], text[at], scale)] : [];
      }),
    );
    return {
      page: 1,
      text: textOf(numbers),
      status: numbers.length ? 'read' : 'empty',
      confidence: numbers.length ? numbers.reduce((product, each) => product * each.confidence, 1) : 0,
      numbers: numbers.map(({ text, box, confidence, line }) => ({ text, box: inOriginal(box, scale), confidence, line })),
      digits,
      error: null,
    };
  }

  /**
   * What may be characters, with the frames of what may be digits.
   * @param {Image} grey
   * @returns {Framed[]}
   */
  seen(grey) {
    const { SIZE } = constants.frame;
    const isImage = grey.width === SIZE && grey.height === SIZE;
    if (isImage || Math.max(grey.width, grey.height) <= constants.reader.TINY) return this.image(grey);
    return this.finder ? this.found(grey, this.finder) : this.shapes(grey);
  }

  /**
   * @param {Image} grey
   * @param {import('./finder.js').Finder} finder
   * @returns {Framed[]}
   */
  found(grey, finder) {
    const found = finder.find(grey).filter(({ score }) => score >= constants.reader.WEAKEST);
    const framed = frameDigits(grey, found);
    const characters = found.map((each, at) => {
      const { frame = null, isolation = 0, isClassified = false } = framed.get(at) ?? {};
      const predicted = frame && isClassified ? this.classifier.classify(frame).probabilities : null;
      return { box: wholePixels(each.box), probabilities: combine(each, predicted, isolation), frame };
    });
    return this.threshold && surestDigit(characters) < constants.reader.SUREST ? [] : characters;
  }

  /**
   * What the classifier sees in a picture that shows one digit or none: one of the size of the
   * data sets' images, or a tiny one.
   * @param {Image} grey
   * @returns {Framed[]}
   */
  image(grey) {
    const framed = frameImage(grey);
    return framed ? [this.classified(wholePixels(framed.box), framed.frame)] : [];
  }

  /**
   * @param {Image} grey
   * @returns {Framed[]}
   */
  shapes(grey) {
    return findShapes(grey).map(({ box, levels }) => this.classified(box, makeFrame(levels)));
  }

  /**
   * A digit, as the classifier alone reads it.
   * @param {number[]} box
   * @param {Uint8Array} frame
   * @returns {Framed}
   */
  classified(box, frame) {
    const probabilities = new Float32Array(constants.finder.CHARACTERS.length);
    probabilities.set(this.classifier.classify(frame).probabilities);
    return { box, probabilities, frame };
  }

  /**
   * @param {Framed} character
   * @param {string} symbol
   * @param {number} scale
   */
  digit({ box, probabilities, frame }, symbol, scale) {
    const ofDigits = Array.from(probabilities.subarray(0, constants.finder.DIGIT_CLASSES));
    const ranked = ofDigits.map((_, digit) => digit).sort((one, other) => ofDigits[other] - ofDigits[one]);
    const digit = symbol === UNREADABLE ? ranked[0] : Number(symbol);
    const second = /** @type {number} */ (ranked.find((each) => each !== digit));
    return {
      digit,
      confidence: ofDigits[digit],
      accepted: ofDigits[digit] >= this.threshold,
      box: inOriginal(box, scale),
      second: { digit: second, confidence: ofDigits[second] },
      pixels: frame,
      probabilities: ofDigits,
    };
  }
}

/** @param {import('./spelling.js').SpelledNumber[]} numbers */
function textOf(numbers) {
  /** @type {Map<number, string[]>} */
  const lines = new Map();
  for (const { line, text } of numbers) lines.set(line, [...(lines.get(line) ?? []), text]);
  return [...lines.keys()].sort((one, other) => one - other).map((line) => lines.get(line)?.join(' ')).join('\n');
}

/** @param {number[]} box */
function wholePixels([left, top, right, bottom]) {
  const [x, y] = [Math.trunc(left), Math.trunc(top)];
  return [x, y, Math.max(x + 1, round(right)), Math.max(y + 1, round(bottom))];
}

/**
 * @param {number[]} box
 * @param {number} scale
 */
function inOriginal([left, top, right, bottom], scale) {
  return [Math.trunc(left * scale), Math.trunc(top * scale), round(right * scale), round(bottom * scale)];
}

/** @param {Framed[]} characters */
function surestDigit(characters) {
  const count = constants.finder.DIGIT_CLASSES;
  const sums = characters.map(({ probabilities }) => probabilities.slice(0, count).reduce((sum, each) => sum + each, 0));
  return Math.max(0, ...sums);
}

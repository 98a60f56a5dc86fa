// The finder: its network, and what follows it, as in tendigits/images/finder.py.

import { clip, median, round } from './arrays.js';
import { averaged, moved, withoutDuplicates } from './candidates.js';
import { constants } from './constants.js';
import { heap, release, used } from './kernel.js';
import { convolve, newMaps, prepare } from './layers.js';
import { cut, inBytes, resize } from './resize.js';

/**
 * @typedef {import('./resize.js').Image} Image
 * @typedef {import('./layers.js').Maps} Maps
 *
 * @typedef {object} Found a candidate for a character
 * @property {[number, number, number, number]} box left, top, right and bottom in pixels
 * @property {number} score from 0 to 1
 * @property {Float32Array} classes the probabilities of the characters
 * @property {boolean} isDigit rather than a mark
 *
 * @typedef {{ left: number, top: number, part: Image, scale: number }} View
 */

export class Finder {
  /**
   * @param {import('./layers.js').Layer[]} layers
   * @param {number} boxUnit pixels that the network counts distances in
   */
  constructor(layers, boxUnit) {
    this.layers = new Map(layers.map((layer) => [layer.name, layer]));
    this.boxUnit = boxUnit;
    prepare(layers);
  }

  /**
   * The characters of a picture, the surest first.
   * @param {Image} grey
   * @returns {Found[]}
   */
  find(grey) {
    const { FIRST_AREA, TOLERANCES } = constants.finder;
    /** @type {View | null} */
    let view = { left: 0, top: 0, part: grey, scale: Math.sqrt(FIRST_AREA / grey.data.length) };
    /** @type {Found[]} */
    let found = [];
    let scaleBefore = 0;
    for (const tolerance of TOLERANCES) {
      if (!view) break;
      const { left, top, scale } = view;
      const here = this.findAt(view.part, scale);
      view = betterView(view, here, tolerance);
      const inPicture = here.map((each) => ({ ...each, box: moved(each.box, left, top) }));
      found = averaged(inPicture, found, scaleBefore);
      scaleBefore = scale;
    }
    return found;
  }

  /**
   * The characters of a picture that is scaled first.
   * @param {Image} grey
   * @param {number} scale
   */
  findAt(grey, scale) {
    const { WEAKEST, MOST, STRIDE, CHARACTERS } = constants.finder;
    const mark = used();
    const { maps, steps } = this.mapsOf(grey, scale);
    const all = heap();
    const { width, height, stride } = maps;
    const map = (/** @type {number} */ channel) => all.subarray(maps.at + channel * stride, maps.at + channel * stride + width * height);
    const scores = map(0).map((logit) => 1 / (1 + Math.exp(-logit)));
    const cells = peaks(scores, width, WEAKEST).slice(0, MOST);
    const classes = Array.from(CHARACTERS, (_, at) => map(1 + at));
    const sides = [0, 1, 2, 3].map((side) => map(1 + CHARACTERS.length + side));
    const found = cells.map((cell) => {
      const [x, y] = [((cell % width) + 0.5) * STRIDE, (Math.floor(cell / width) + 0.5) * STRIDE];
      const [left, top, right, bottom] = sides.map((side) => side[cell] * this.boxUnit);
      const probabilities = softmax(classes.map((each) => each[cell]));
      const digits = probabilities.slice(0, constants.finder.DIGIT_CLASSES).reduce((sum, each) => sum + each, 0);
      return {
        box: /** @type {[number, number, number, number]} */ ([
          clip((x - left) / steps[0], 0, grey.width),
          clip((y - top) / steps[1], 0, grey.height),
          clip((x + right) / steps[0], 0, grey.width),
          clip((y + bottom) / steps[1], 0, grey.height),
        ]),
        score: scores[cell],
        classes: probabilities,
        isDigit: digits > 0.5,
      };
    });
    release(mark);
    return withoutDuplicates(found.filter(({ box }) => box[2] > box[0] && box[3] > box[1]));
  }

  /**
   * The network's maps, and the pixels of its input along a pixel of the picture.
   * @param {Image} grey
   * @param {number} scale
   */
  mapsOf(grey, scale) {
    const { PADDED_TO } = constants.finder;
    const [width, height] = [grey.width, grey.height].map((side) => Math.max(8, round(side * scale)));
    const resized = inBytes(resize(grey, width, height, scale < 1 ? 'area' : 'cubic'));
    const [across, down] = [width, height].map((side) => Math.ceil(side / PADDED_TO) * PADDED_TO);
    const padded = new Float32Array(across * down);
    for (let y = 0; y < down; y += 1) {
      const from = Math.min(y, height - 1) * width;
      padded.set(resized.data.subarray(from, from + width), y * across);
      padded.fill(resized.data[from + width - 1], y * across + width, (y + 1) * across);
    }
    return { maps: this.compute(padded, across, down), steps: [width / grey.width, height / grey.height] };
  }

  /**
   * @param {Float32Array} levels
   * @param {number} width
   * @param {number} height
   */
  compute(levels, width, height) {
    const mean = levels.reduce((sum, level) => sum + level, 0) / levels.length;
    const spread = Math.sqrt(levels.reduce((sum, level) => sum + (level - mean) ** 2, 0) / levels.length);
    const input = newMaps(1, height, width);
    heap().set(levels.map((level) => (level - mean) / (spread + 1)), input.at);
    let features = this.conv('stem.0', input);
    const levelsOfPyramid = [];
    for (let stage = 0; this.layers.has(`stages.${stage}.0.0`); stage += 1) {
      features = this.conv(`stages.${stage}.0.0`, features);
      for (let block = 1; this.layers.has(`stages.${stage}.${block}.second`); block += 1) {
        const first = this.conv(`stages.${stage}.${block}.first.0`, features);
        features = this.conv(`stages.${stage}.${block}.second`, first, features);
      }
      levelsOfPyramid.push(features);
    }
    let merged = this.conv(`laterals.${levelsOfPyramid.length - 1}`, levelsOfPyramid[levelsOfPyramid.length - 1], null, false);
    for (let level = levelsOfPyramid.length - 2; level >= 0; level -= 1) {
      const doubled = enlarged(merged);
      merged = this.conv(`laterals.${level}`, levelsOfPyramid[level], doubled, false);
      if (level < 2) merged = this.conv(`smooth.${level}.0`, merged);
    }
    return this.conv('out', this.conv('head.0', merged), null, false);
  }

  /**
   * @param {string} name
   * @param {Maps} maps
   * @param {Maps | null} added
   * @param {boolean} relu
   */
  conv(name, maps, added = null, relu = true) {
    const layer = /** @type {import('./layers.js').Layer} */ (this.layers.get(name));
    return convolve(layer, maps, added, relu);
  }
}

/**
 * Maps of twice the size, each value four times.
 * @param {Maps} maps
 */
function enlarged(maps) {
  const result = newMaps(maps.channels, 2 * maps.height, 2 * maps.width);
  const all = heap();
  for (let channel = 0; channel < maps.channels; channel += 1) {
    let to = result.at + channel * result.stride;
    for (let y = 0; y < result.height; y += 1) {
      const from = maps.at + channel * maps.stride + (y >> 1) * maps.width;
      for (let x = 0; x < result.width; x += 1, to += 1) all[to] = all[from + (x >> 1)];
    }
  }
  return result;
}

/**
 * The cells whose score no neighbour exceeds, the highest first.
 * @param {Float32Array} scores
 * @param {number} width
 * @param {number} weakest
 */
function peaks(scores, width, weakest) {
  const cells = [];
  const height = scores.length / width;
  for (let cell = 0; cell < scores.length; cell += 1) {
    if (scores[cell] >= weakest && isPeak(scores, cell, width, height)) cells.push(cell);
  }
  return cells.sort((one, other) => scores[other] - scores[one]);
}

/**
 * @param {Float32Array} scores
 * @param {number} cell
 * @param {number} width
 * @param {number} height
 */
function isPeak(scores, cell, width, height) {
  const [x, y] = [cell % width, Math.floor(cell / width)];
  for (let down = Math.max(0, y - 1); down <= Math.min(height - 1, y + 1); down += 1) {
    for (let right = Math.max(0, x - 1); right <= Math.min(width - 1, x + 1); right += 1) {
      if (scores[down * width + right] > scores[cell]) return false;
    }
  }
  return true;
}

/** @param {number[]} logits */
function softmax(logits) {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, each) => total + each, 0);
  return Float32Array.from(powers, (each) => each / sum);
}

/**
 * Where and at what scale to search again; null if it would not help.
 * @param {View} view
 * @param {Found[]} found
 * @param {number} tolerance
 * @returns {View | null}
 */
function betterView(view, found, tolerance) {
  const C = constants.finder;
  const digits = found.filter(({ isDigit, score }) => isDigit && score >= C.CANDIDATE);
  const heights = digits.filter(({ score }) => score >= C.STRONG).map(({ box }) => box[3] - box[1]);
  if (heights.length === 0) {
    const scale = C.ENLARGED * view.scale;
    return scale < C.LARGEST_BLIND ? { ...view, scale } : null;
  }
  const height = median(heights);
  let [left, top, part] = [0, 0, view.part];
  if (height * view.scale >= C.RELIABLE_HEIGHT) {
    const [margins, { width: most, height: lowest }] = [C.MARGIN.map((/** @type {number} */ each) => height * each), part];
    left = Math.trunc(Math.max(0, Math.min(...digits.map(({ box }) => box[0])) - margins[0]));
    top = Math.trunc(Math.max(0, Math.min(...digits.map(({ box }) => box[1])) - margins[1]));
    const right = Math.trunc(Math.min(most, Math.max(...digits.map(({ box }) => box[2])) + margins[0]));
    const bottom = Math.trunc(Math.min(lowest, Math.max(...digits.map(({ box }) => box[3])) + margins[1]));
    part = cut(part, left, top, right, bottom);
  }
  const scale = Math.min(C.BEST_HEIGHT / height, Math.sqrt(C.LARGEST_AREA / part.data.length));
  const isSamePart = part.data.length > C.MOST_OF_IT * view.part.data.length;
  if (isSamePart && 1 / tolerance < scale / view.scale && scale / view.scale < tolerance) return null;
  return { left: view.left + left, top: view.top + top, part, scale };
}

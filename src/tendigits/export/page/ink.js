// The ink of one character, as in tendigits/images/ink.py.

import { clip, percentiles, round } from './arrays.js';
import { constants } from './constants.js';
import { blur, dilate, label, otsu, square } from './morphology.js';
import { cut, resize } from './resize.js';

/**
 * @typedef {import('./resize.js').Image} Image
 * @typedef {[number, number, number, number]} Area left, top, right and bottom
 * @typedef {{ rows: [number, number], columns: [number, number] }} Part
 */

/**
 * Whether the ink in some areas is darker than what is around it.
 * @param {Image} grey
 * @param {Area[]} areas
 */
export function isDarkOnLight(grey, areas) {
  let votes = 0;
  for (const area of areas) {
    const { pixels } = around(grey, area, constants.ink.MOST_PIXELS_OF_VOTE);
    const [low, middle, high] = percentiles(pixels.data, [3, 50, 97]);
    votes += middle - low - (high - middle);
  }
  return votes >= 0;
}

/**
 * The ink in an area, cropped to it, and which part of all ink around it is in it.
 * @param {Image} grey
 * @param {Area} area
 * @param {boolean} isDark
 * @returns {{ levels: Image, isolation: number }}
 */
export function inkIn(grey, area, isDark) {
  const { SIZE, SMALLEST, LARGEST_SCALE, MOST_PIXELS } = constants.ink;
  const { pixels, place } = around(grey, area, MOST_PIXELS);
  const longer = Math.max(place[2] - place[0], place[3] - place[1]);
  const scale = longer > SIZE ? SIZE / longer : Math.min(Math.max(SMALLEST / longer, 1), LARGEST_SCALE);
  const levels = resized(pixels, scale);
  if (!isDark) levels.data = levels.data.map((level) => 255 - level);
  const strength = strengthOf(levels);
  const inner = innerPart(levels, place.map((side) => scale * side));
  const [full] = percentiles(partOf(strength, inner), [96]);
  if (full < 1) return { levels: { data: new Float32Array(1), width: 1, height: 1 }, isolation: 0 };
  strength.data = strength.data.map((level) => level / full);
  const threshold = thresholdOf(partOf(strength, inner));
  const mask = new Uint8Array(strength.data.map((level) => Number(level > threshold)));
  const kept = ownPieces(mask, strength.width, inner);
  const range = 0.8 * Math.max(1 - threshold, 0.2);
  const soft = strength.data.map((level, at) => kept[at] * clip((level - threshold / 2) / range, 0, 1));
  let [own, all] = [0, 0];
  mask.forEach((isInk, at) => {
    all += isInk;
    own += isInk & kept[at];
  });
  return { levels: cropped({ ...strength, data: soft }), isolation: own / Math.max(all, 1) };
}

/**
 * The levels in an area, whatever they belong to; faster than `inkIn`.
 * @param {Image} grey
 * @param {Area} area
 * @param {boolean} isDark
 * @returns {Image}
 */
export function plainInk(grey, area, isDark) {
  const { pixels, place } = around(grey, area, constants.ink.SIZE);
  const [left, top] = [Math.trunc(place[0]), Math.trunc(place[1])];
  const inside = cut(pixels, left, top, Math.min(pixels.width, Math.ceil(place[2])), Math.min(pixels.height, Math.ceil(place[3])));
  const [low, high] = percentiles(inside.data, [0, 100]);
  const data = inside.data.map((level) => (isDark ? high - level : level - low) / Math.max(high - low, 1));
  return { ...inside, data };
}

/**
 * The pixels of an area and around it, and where the area is in them.
 * @param {Image} grey
 * @param {Area} area
 * @param {number} most pixels along its longer side, about
 */
function around(grey, [left, top, right, bottom], most) {
  const longer = Math.max(right - left, bottom - top);
  const margin = Math.max(constants.ink.MARGIN * longer, 1);
  const [x, y] = [Math.max(0, Math.trunc(left - margin)), Math.max(0, Math.trunc(top - margin))];
  const step = Math.max(1, Math.trunc(longer / most));
  const width = Math.ceil((Math.min(grey.width, Math.ceil(right + margin)) - x) / step);
  const height = Math.ceil((Math.min(grey.height, Math.ceil(bottom + margin)) - y) / step);
  const data = new Float32Array(width * height);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      data[row * width + column] = grey.data[(y + row * step) * grey.width + x + column * step];
    }
  }
  const place = [(left - x) / step, (top - y) / step, (right - x) / step, (bottom - y) / step];
  return { pixels: { data, width, height }, place };
}

/**
 * @param {Image} pixels
 * @param {number} scale
 * @returns {Image}
 */
function resized(pixels, scale) {
  if (scale === 1) return { ...pixels };
  const [width, height] = [pixels.width, pixels.height].map((side) => Math.max(2, round(side * scale)));
  return resize(pixels, width, height, scale < 1 ? 'area' : 'cubic');
}

/**
 * How much darker each pixel is than the paper around it.
 * @param {Image} levels
 * @returns {Image}
 */
function strengthOf(levels) {
  const small = resize(levels, 24, 24, 'area');
  const paper = resize(blur(dilate(small, square(4)), 3), levels.width, levels.height, 'linear');
  const lightest = percentiles(levels.data, [90])[0] + 5;
  const data = levels.data.map((level, at) => Math.max(0, Math.min(paper.data[at], lightest) - level));
  return { ...levels, data };
}

/**
 * The rows and columns of an area, slightly enlarged.
 * @param {Image} image
 * @param {number[]} area
 * @returns {Part}
 */
function innerPart({ width, height }, [left, top, right, bottom]) {
  const loose = constants.ink.LOOSE * Math.max(right - left, bottom - top);
  return {
    rows: [Math.max(0, Math.trunc(top - loose)), Math.min(height, Math.ceil(bottom + loose))],
    columns: [Math.max(0, Math.trunc(left - loose)), Math.min(width, Math.ceil(right + loose))],
  };
}

/**
 * @param {Image} image
 * @param {Part} part
 */
function partOf({ data, width }, { rows, columns }) {
  const values = [];
  for (let y = rows[0]; y < rows[1]; y += 1) {
    for (let x = columns[0]; x < columns[1]; x += 1) values.push(data[y * width + x]);
  }
  return values;
}

/** @param {number[]} strength */
function thresholdOf(strength) {
  const level = otsu(strength.map((each) => Math.trunc(clip(255 * each, 0, 255))));
  return clip(level / 255, 0.25, 0.6);
}

/**
 * Where the character's ink is, and one pixel around it.
 * @param {Uint8Array} mask
 * @param {number} width
 * @param {Part} inner
 */
function ownPieces(mask, width, { rows, columns }) {
  const { WHOLE, MAIN } = constants.ink;
  const height = mask.length / width;
  const { labels, count } = label(mask, width);
  const [sizes, inside, reaches] = [new Float64Array(count), new Float64Array(count), new Uint8Array(count)];
  const [top, bottom] = rows;
  const [left, right] = columns;
  for (let y = 0, at = 0; y < height; y += 1) {
    const isEdge = y === 0 || y === height - 1;
    for (let x = 0; x < width; x += 1, at += 1) {
      const piece = labels[at];
      if (!piece) continue;
      sizes[piece] += 1;
      if (y >= top && y < bottom && x >= left && x < right) inside[piece] += 1;
      if (isEdge || x === 0 || x === width - 1) reaches[piece] = 1;
    }
  }
  const total = Math.max(1, inside.reduce((sum, each) => sum + each, 0));
  const part = inside.map((each, piece) => each / Math.max(1, sizes[piece]));
  const whole = part.map((each, piece) => Number(each >= WHOLE && !reaches[piece]));
  const cut = part.map((each, piece) =>
    Number(inside[piece] >= MAIN * total || (each > 0.35 && inside[piece] > 0.15 * total) || each >= WHOLE),
  );
  const kept = new Float32Array(mask.length);
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 1) {
      const isInner = y >= top && y < bottom && x >= left && x < right;
      kept[at] = whole[labels[at]] || (isInner ? cut[labels[at]] : 0);
    }
  }
  const wide = dilate({ data: kept, width, height }, square(1)).data;
  return new Uint8Array(wide.map((level, at) => (labels[at] > 0 && !kept[at] ? 0 : level)));
}

/**
 * @param {Image} ink
 * @returns {Image}
 */
function cropped({ data, width, height }) {
  let [left, top, right, bottom] = [width, height, 0, 0];
  data.forEach((level, at) => {
    if (level <= 0.3) return;
    const [x, y] = [at % width, Math.floor(at / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
  });
  if (right <= left) return { data: new Float32Array(1), width: 1, height: 1 };
  return cut({ data, width, height }, left, top, right, bottom);
}

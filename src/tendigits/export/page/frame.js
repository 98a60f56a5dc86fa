// From ink to its frame, as in tendigits/images/frame.py.

import { clip, median, round, sum } from './arrays.js';
import { constants } from './constants.js';
import { dilate, disk, square, squaredDistances } from './morphology.js';
import { resize } from './resize.js';

/** @typedef {import('./resize.js').Image} Image */

/**
 * @param {Image} ink from 0 for paper to 1 for full ink
 * @param {boolean} widen whether thin strokes are widened
 * @returns {Uint8Array} 28x28 grey levels
 */
export function makeFrame(ink, widen = true) {
  const { INNER } = constants.frame;
  const wide = widen ? widened(ink) : ink;
  const small = resized(wide, INNER / Math.max(wide.width, wide.height));
  return centred({ ...small, data: small.data.map((level) => clip(level, 0, 1)) });
}

/**
 * @param {Image} ink
 * @param {number} scale
 */
function resized(ink, scale) {
  const [width, height] = [ink.width, ink.height].map((side) => Math.max(1, round(side * scale)));
  const enlarged = scale <= 1.2 ? 'linear' : 'lanczos';
  return resize(ink, width, height, scale <= 1 ? 'area' : enlarged);
}

/** @param {Image} ink */
function widened(ink) {
  const { INNER, THINNEST, WORKING } = constants.frame;
  const working = resized(ink, WORKING / Math.max(ink.width, ink.height));
  const largest = Math.max(1e-6, working.data.reduce((most, level) => Math.max(most, level), -Infinity));
  working.data = working.data.map((level) => level / largest);
  const radius = ((THINNEST * WORKING) / INNER - strokeWidth(working)) / 2;
  if (radius < 0.5) return ink;
  const margin = Math.ceil(radius);
  return dilate(padded(working, margin), disk(radius + 0.25, margin));
}

/** @param {Image} ink */
function strokeWidth(ink) {
  const { data, width } = padded(ink, 1);
  const mask = new Uint8Array(data.map((level) => Number(level > 0.5)));
  if (!mask.includes(1)) return 0;
  const depth = new Float32Array(squaredDistances(mask, width));
  const highest = dilate({ data: depth, width, height: depth.length / width }, square(1)).data;
  const ridge = depth.filter((each, at) => mask[at] && each >= highest[at]);
  return 2 * median(ridge.map(Math.sqrt)) - 1;
}

/**
 * @param {Image} image
 * @param {number} margin of zeros around it
 * @returns {Image}
 */
function padded({ data, width, height }, margin) {
  const wider = width + 2 * margin;
  const result = new Float32Array(wider * (height + 2 * margin));
  for (let y = 0; y < height; y += 1) result.set(data.subarray(y * width, (y + 1) * width), (y + margin) * wider + margin);
  return { data: result, width: wider, height: height + 2 * margin };
}

/** @param {Image} small */
function centred({ data, width, height }) {
  const { SIZE, MIDDLE } = constants.frame;
  const frame = new Uint8Array(SIZE * SIZE);
  const total = sum(data);
  if (!total) return frame;
  let [across, down] = [0, 0];
  data.forEach((level, at) => {
    across += level * (at % width);
    down += level * Math.floor(at / width);
  });
  const left = clip(round(MIDDLE - across / total), 0, SIZE - width);
  const top = clip(round(MIDDLE - down / total), 0, SIZE - height);
  data.forEach((level, at) => {
    frame[(top + Math.floor(at / width)) * SIZE + left + (at % width)] = round(level * 255);
  });
  return frame;
}

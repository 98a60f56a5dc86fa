// Pictures of other sizes, as OpenCV makes them.

import { clip, round } from './arrays.js';

/**
 * Grey levels, row by row.
 * @typedef {{ data: Float32Array, width: number, height: number }} Image
 * @typedef {'area' | 'linear' | 'cubic' | 'lanczos'} Method
 *
 * Which pixels of a row or column a pixel of the result is made of.
 * @typedef {{ first: Int32Array, weights: Float64Array, taps: number }} Taps
 */

/**
 * @param {Image} image
 * @param {number} width
 * @param {number} height
 * @param {Method} method
 * @returns {Image}
 */
export function resize(image, width, height, method) {
  const isArea = method === 'area' && width <= image.width && height <= image.height;
  const across = isArea ? areaTaps(image.width, width) : pointTaps(image.width, width, method);
  const down = isArea ? areaTaps(image.height, height) : pointTaps(image.height, height, method);
  const { taps, weights } = across;
  const pixels = Int32Array.from(weights, (_, at) => clip(across.first[Math.floor(at / taps)] + (at % taps), 0, image.width - 1));
  const rows = new Float32Array(image.height * width);
  for (let row = 0, to = 0; row < image.height; row += 1) {
    const from = row * image.width;
    for (let column = 0, at = 0; column < width; column += 1, to += 1) {
      let total = 0;
      for (let tap = 0; tap < taps; tap += 1, at += 1) total += weights[at] * image.data[from + pixels[at]];
      rows[to] = total;
    }
  }
  const data = new Float32Array(width * height);
  const line = new Float64Array(width);
  for (let row = 0; row < height; row += 1) {
    line.fill(0);
    for (let tap = 0; tap < down.taps; tap += 1) {
      const weight = down.weights[row * down.taps + tap];
      if (weight === 0) continue;
      const from = clip(down.first[row] + tap, 0, image.height - 1) * width;
      for (let column = 0; column < width; column += 1) line[column] += weight * rows[from + column];
    }
    data.set(line, row * width);
  }
  return { data, width, height };
}

/**
 * The same grey levels as integers from 0 to 255.
 * @param {Image} image
 * @returns {Image}
 */
export function inBytes({ data, width, height }) {
  return { data: data.map((level) => clip(round(level), 0, 255)), width, height };
}

/**
 * A part of an image.
 * @param {Image} image
 * @param {number} left
 * @param {number} top
 * @param {number} right
 * @param {number} bottom
 * @returns {Image}
 */
export function cut({ data, width }, left, top, right, bottom) {
  const result = new Float32Array((right - left) * (bottom - top));
  for (let y = top; y < bottom; y += 1) result.set(data.subarray(y * width + left, y * width + right), (y - top) * (right - left));
  return { data: result, width: right - left, height: bottom - top };
}

/**
 * @param {number} from
 * @param {number} to not larger
 * @returns {Taps}
 */
function areaTaps(from, to) {
  const scale = from / to;
  const taps = Math.ceil(scale) + 1;
  const first = new Int32Array(to);
  const weights = new Float64Array(to * taps);
  for (let at = 0; at < to; at += 1) {
    const start = at * scale;
    const end = Math.min(start + scale, from);
    first[at] = Math.floor(start + 1e-3);
    for (let tap = 0; tap < taps; tap += 1) {
      const pixel = first[at] + tap;
      const covered = Math.min(end, pixel + 1) - Math.max(start, pixel);
      if (covered > 1e-3) weights[at * taps + tap] = covered / (end - start);
    }
  }
  return { first, weights, taps };
}

/**
 * @param {number} from
 * @param {number} to
 * @param {Method} method
 * @returns {Taps}
 */
function pointTaps(from, to, method) {
  const scale = from / to;
  const taps = { area: 2, linear: 2, cubic: 4, lanczos: 8 }[method];
  const first = new Int32Array(to);
  const weights = new Float64Array(to * taps);
  for (let at = 0; at < to; at += 1) {
    const place = (at + 0.5) * scale - 0.5;
    let pixel = method === 'area' ? Math.floor(at * scale) : Math.floor(place);
    let part = method === 'area' ? Math.max(0, at + 1 - (pixel + 1) / scale) % 1 : place - pixel;
    if (taps === 2 && pixel < 0) [pixel, part] = [0, 0];
    if (taps === 2 && pixel >= from - 1) [pixel, part] = [from - 1, 0];
    first[at] = pixel - taps / 2 + 1;
    weights.set(WEIGHTS[taps](part), at * taps);
  }
  return { first, weights, taps };
}

/** @type {Record<number, (part: number) => number[]>} by the number of taps */
const WEIGHTS = { 2: (part) => [1 - part, part], 4: cubicWeights, 8: lanczosWeights };

/** @param {number} part from 0 to 1 */
function cubicWeights(part) {
  const a = -0.75;
  const near = (/** @type {number} */ x) => ((a + 2) * x - (a + 3)) * x * x + 1;
  const far = ((a * (part + 1) - 5 * a) * (part + 1) + 8 * a) * (part + 1) - 4 * a;
  const [before, after] = [near(part), near(1 - part)];
  return [far, before, after, 1 - far - before - after];
}

/** @param {number} part from 0 to 1 */
function lanczosWeights(part) {
  const weights = Array.from({ length: 8 }, (_, tap) => {
    const x = Math.PI * (part + 3 - tap);
    return Math.abs(x) < 1e-6 ? 1 : (Math.sin(x) * Math.sin(x / 4)) / ((x * x) / 4);
  });
  const total = weights.reduce((sum, weight) => sum + weight);
  return weights.map((weight) => weight / total);
}

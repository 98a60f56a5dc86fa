// The grey levels of a picture, as in tendigits/images/grey.py and decode.py.

import { paperBehind } from '../../server/page/paper.js';
import { round, sum } from './arrays.js';
import { constants } from './constants.js';
import { inBytes, resize } from './resize.js';

/** @typedef {import('./resize.js').Image} Image */

/**
 * @param {Uint8ClampedArray} pixels red, green, blue and alpha
 * @param {number} width
 * @param {number} height
 * @param {boolean} isJpeg large JPEGs are decoded at a half, a quarter or an eighth of their size
 * @returns {{ grey: Image, scale: number }} and the width of a pixel in those of the original
 */
export function toGrey(pixels, width, height, isJpeg) {
  const { DRAFT_SIDE, MAX_SIDE } = constants.decode;
  const side = Math.max(width, height);
  const draft = isJpeg ? ([8, 4, 2].find((factor) => side / factor >= DRAFT_SIDE) ?? 1) : 1;
  let grey = inBytes(reduced(greyOfColours(onPaper(pixels), width, height), draft));
  const factor = Math.floor(Math.max(grey.width, grey.height) / MAX_SIDE);
  if (factor > 1) grey = inBytes(reduced(grey, factor));
  const fraction = MAX_SIDE / Math.max(grey.width, grey.height);
  if (fraction < 1) {
    const [across, down] = [grey.width, grey.height].map((each) => Math.max(1, round(each * fraction)));
    grey = inBytes(resize(grey, across, down, 'area'));
  }
  return { grey, scale: side / Math.max(grey.width, grey.height) };
}

/**
 * @param {Image} image
 * @param {number} factor
 */
function reduced(image, factor) {
  if (factor === 1) return image;
  return resize(image, Math.ceil(image.width / factor), Math.ceil(image.height / factor), 'area');
}

/**
 * Put a drawing on white paper, or on black paper if the drawing is light.
 * @param {Uint8ClampedArray} pixels
 */
function onPaper(pixels) {
  const paper = paperBehind(pixels);
  if (paper === null) return pixels;
  return pixels.map((level, at) => {
    const alpha = pixels[at | 3] / 255;
    return (at & 3) === 3 ? 255 : level * alpha + paper * (1 - alpha);
  });
}

/**
 * Luminance; where its contrast is low, the colour of the largest contrast if that is much larger.
 * @param {Uint8ClampedArray} pixels
 * @param {number} width
 * @param {number} height
 * @returns {Image}
 */
function greyOfColours(pixels, width, height) {
  const { FAINT } = constants.grey;
  const channel = (/** @type {(at: number) => number} */ levelAt) => {
    const data = new Float32Array(width * height);
    for (let pixel = 0; pixel < data.length; pixel += 1) data[pixel] = levelAt(4 * pixel);
    return { data, width, height };
  };
  const luminance = channel((at) => round(0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2]));
  const contrast = contrastOf(luminance);
  if (contrast >= FAINT) return luminance;
  const colours = [0, 1, 2].map((colour) => channel((at) => pixels[at + colour]));
  const contrasts = colours.map(contrastOf);
  const best = contrasts.indexOf(Math.max(...contrasts));
  return contrasts[best] > 2 * contrast ? colours[best] : luminance;
}

/** @param {Image} image */
function contrastOf({ data, width, height }) {
  const { SAMPLE_SIDE, OUTLIERS } = constants.grey;
  const step = Math.max(1, Math.floor(Math.max(width, height) / SAMPLE_SIDE));
  const counts = new Float64Array(256);
  for (let y = 0; y < height; y += step) {
    for (let x = 0; x < width; x += step) counts[data[y * width + x]] += 1;
  }
  const total = sum(counts);
  let below = 0;
  const parts = Array.from(counts, (count) => (below += count) / total);
  return parts.findIndex((part) => part >= 1 - OUTLIERS) - parts.findIndex((part) => part >= OUTLIERS);
}

// The occlusion map: how far the confidence falls when a part of the frame is hidden.

import { occlusionOf } from './api.js';
import { byId } from './elements.js';
import { showProblems } from './notice.js';
import { nameOf, percent } from './wording.js';

/**
 * @typedef {import('./api.js').DigitResult} DigitResult
 * @typedef {import('./api.js').Occlusion} Occlusion
 */

const SMALL_DROP = 0.1; // a smaller drop of the confidence is not attributed to a part of the frame
const PLACES = [
  ['upper left', 'top', 'upper right'],
  ['left', 'middle', 'right'],
  ['lower left', 'bottom', 'lower right'],
];

/** @type {DigitResult} */
let shown;

export function startOcclusion() {
  byId('occlusion').addEventListener('toggle', load);
}

/**
 * Show the occlusion map of a shape; it is computed when its section is open.
 * @param {DigitResult} digit
 */
export function showOcclusion(digit) {
  shown = digit;
  byId('explanation').textContent = '';
  load();
}

function load() {
  if (!byId('occlusion').open) return;
  const digit = shown;
  showProblems(byId('occlusion-notice'), async () => {
    const frame = await imageOf(digit.frame);
    paintFrame(byId('map'), frame);
    const occlusion = await occlusionOf(digit.frame);
    if (digit !== shown) return;
    paintDrops(byId('map'), dropsOf(occlusion));
    byId('explanation').textContent = explain(occlusion);
  });
}

/**
 * The drop of the confidence with each patch hidden, as a fraction of the confidence.
 * @param {Occlusion} occlusion
 */
function dropsOf({ confidence, hidden }) {
  return hidden.map((row) => row.map((each) => Math.max(0, confidence - each) / confidence));
}

/** @param {Occlusion} occlusion */
function explain({ label, confidence, patch, hidden }) {
  const lowest = Math.min(...hidden.flat());
  const what = label === 'non-digit' ? '“not a digit”' : `“${nameOf(label)}”`;
  const how = `Colour marks where the confidence in ${what} falls when a patch of ${patch}×${patch} pixels is hidden.`;
  if (confidence - lowest < SMALL_DROP) return `${how} No single patch matters: the lowest confidence is ${percent(lowest)}.`;
  return `${how} The most important part is the ${placeOf(hidden, lowest)}: without it, the confidence falls from ${percent(confidence)} to ${percent(lowest)}.`;
}

/**
 * @param {number[][]} hidden
 * @param {number} lowest
 */
function placeOf(hidden, lowest) {
  const row = hidden.findIndex((each) => each.includes(lowest));
  const column = hidden[row].indexOf(lowest);
  const third = (/** @type {number} */ index) => Math.min(2, Math.floor((3 * index) / hidden.length));
  return PLACES[third(row)][third(column)];
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLImageElement} frame
 */
function paintFrame(canvas, frame) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.imageSmoothingEnabled = false;
  context.drawImage(frame, 0, 0, canvas.width, canvas.height);
}

/**
 * Paint the drops over a frame, smoothly.
 * @param {HTMLCanvasElement} canvas
 * @param {number[][]} drops from 0 to 1
 */
function paintDrops(canvas, drops) {
  const map = document.createElement('canvas');
  [map.width, map.height] = [drops[0].length, drops.length];
  const small = /** @type {CanvasRenderingContext2D} */ (map.getContext('2d'));
  small.fillStyle = getComputedStyle(canvas).getPropertyValue('--heat');
  drops.forEach((row, y) =>
    row.forEach((drop, x) => {
      small.globalAlpha = 0.85 * drop;
      small.fillRect(x, y, 1, 1);
    }),
  );
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = 'high';
  context.drawImage(map, 0, 0, canvas.width, canvas.height);
}

/**
 * @param {string} source
 * @returns {Promise<HTMLImageElement>}
 */
async function imageOf(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  return image;
}

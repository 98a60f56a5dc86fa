// What the network sees: the frame, and on which strokes its answer hangs.

import { occlusionOf } from './api.js';
import { byId } from './elements.js';
import { trying } from './notice.js';
import { percent } from './wording.js';

/**
 * @typedef {import('./api.js').DigitAnswer} DigitAnswer
 * @typedef {import('./api.js').Occlusion} Occlusion
 */

const LITTLE = 0.1; // a fall of the confidence that is not worth a word
const PLACES = [
  ['upper left', 'top', 'upper right'],
  ['left', 'middle', 'right'],
  ['lower left', 'bottom', 'lower right'],
];

/** @type {DigitAnswer} */
let shown;

export function startSight() {
  byId('sees').addEventListener('toggle', load);
}

/**
 * Show what the network sees of a shape, once somebody wants to know.
 * @param {DigitAnswer} digit
 */
export function showSight(digit) {
  shown = digit;
  byId('explanation').textContent = '';
  load();
}

function load() {
  if (!byId('sees').open) return;
  const digit = shown;
  trying(byId('sees-notice'), async () => {
    const frame = await imageOf(digit.frame);
    paintFrame(byId('strokes'), frame);
    const occlusion = await occlusionOf(digit.frame);
    if (digit !== shown) return;
    paintFalls(byId('strokes'), fallsOf(occlusion));
    byId('explanation').textContent = explain(occlusion);
  });
}

/**
 * How far the confidence falls with each place hidden, as a share of what it was.
 * @param {Occlusion} occlusion
 */
function fallsOf({ confidence, hidden }) {
  return hidden.map((row) => row.map((each) => Math.max(0, confidence - each) / confidence));
}

/** @param {Occlusion} occlusion */
function explain({ answer, confidence, patch, hidden }) {
  const least = Math.min(...hidden.flat());
  const what = answer === 'no digit' ? 'that it is no digit' : `of a ${answer}`;
  const how = `The network gets these 28×28 points and no more; the colour marks where it is less sure ${what} when a patch of ${patch}×${patch} points is hidden.`;
  if (confidence - least < LITTLE) return `${how} It needs no single one: it stays at least ${percent(least)} sure.`;
  return `${how} Most hangs on the ${placeOf(hidden, least)}: without it, it is ${percent(least)} sure in place of ${percent(confidence)}.`;
}

/**
 * @param {number[][]} hidden
 * @param {number} least
 */
function placeOf(hidden, least) {
  const row = hidden.findIndex((each) => each.includes(least));
  const column = hidden[row].indexOf(least);
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
 * Lay the falls over a frame, smoothly.
 * @param {HTMLCanvasElement} canvas
 * @param {number[][]} falls from 0 to 1
 */
function paintFalls(canvas, falls) {
  const map = document.createElement('canvas');
  [map.width, map.height] = [falls[0].length, falls.length];
  const small = /** @type {CanvasRenderingContext2D} */ (map.getContext('2d'));
  small.fillStyle = getComputedStyle(canvas).getPropertyValue('--heat');
  falls.forEach((row, y) =>
    row.forEach((fall, x) => {
      small.globalAlpha = 0.85 * fall;
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

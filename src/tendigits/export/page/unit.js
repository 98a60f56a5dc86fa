// One unit or channel: what it computes now, and the training images it responds to most.

import { byId, make } from '../../server/page/elements.js';
import { DATA, layersLoaded } from './engine.js';
import { examplesOf } from './examples.js';
import { layersWithWeights } from './layer_words.js';
import { drawFrame, drawTiles, tilesOf } from './pictures.js';

/** @typedef {import('./classifier.js').Activations} Activations */

const LAYERS = layersWithWeights(DATA.layers);
/** @type {{ layer: number, unit: number } | null} */
let chosen = null;
/** What the layers compute for the digit that is shown. @type {Activations[] | null} */
let activationsNow = null;
/** @type {(frame: Uint8Array) => void} */
let tryFrame = () => {};

/** @param {(frame: Uint8Array) => void} onTry called with a training image that is to be shown */
export function startUnit(onTry) {
  tryFrame = onTry;
}

/**
 * Choose a unit; if it is chosen already, choose none.
 * @param {number} layer
 * @param {number} unit
 * @param {{ keep?: boolean }} options `keep` a unit that is chosen already
 */
export async function chooseUnit(layer, unit, { keep = false } = {}) {
  const isSame = chosen?.layer === layer && chosen.unit === unit;
  if (isSame && keep) return;
  const own = (chosen = isSame ? null : { layer, unit });
  markTile();
  byId('unit').hidden = chosen === null;
  if (!chosen) return;
  const card = byId(`layer-${layer}`);
  if (byId('unit').parentElement !== card) card.append(byId('unit'));
  const before = LAYERS.slice(0, layer).reduce((sum, { shape }) => sum + shape[0], 0);
  const examples = await examplesOf(before + unit);
  if (chosen !== own) return; // another one was chosen meanwhile
  replaceParts(head(layer, unit), make('div', { className: 'unit-parts' }, liveParts(layer), exampleParts(layer, examples)));
  if (layer === 0) drawWeights(unit);
  draw();
}

/**
 * Replace what is shown of the unit; a button that is focused is focused again.
 * @param {...HTMLElement} parts
 */
function replaceParts(...parts) {
  const name = byId('unit').querySelector(':focus')?.ariaLabel;
  byId('unit').replaceChildren(...parts);
  if (name) byId('unit').querySelector(`[aria-label="${name}"]`)?.focus({ preventScroll: true });
}

/** @param {Activations[] | null} activations of the layers, for the digit that is shown now */
export function showUnit(activations) {
  activationsNow = activations;
  draw();
}

function draw() {
  const canvas = document.getElementById('unit-map');
  if (!chosen || !canvas) return;
  const activations = activationsNow?.[chosen.layer];
  if (!activations) {
    byId('unit-value').textContent = 'Draw a digit to see its activation.';
    return;
  }
  const size = activations.width * activations.height;
  const values = activations.values.subarray(chosen.unit * size, (chosen.unit + 1) * size);
  const most = activations.values.reduce((largest, each) => Math.max(largest, Math.abs(each)), 0);
  drawTiles(/** @type {HTMLCanvasElement} */ (canvas), tilesOf(1, activations.width, activations.height), values, () => most);
  const largest = values.reduce((one, other) => Math.max(one, other), -Infinity);
  byId('unit-value').textContent = size > 1 ? `Strongest activation: ${largest.toFixed(2)}` : `Activation: ${largest.toFixed(2)}`;
}

/**
 * @param {number} layer
 * @param {number} unit
 */
function head(layer, unit) {
  const count = LAYERS[layer].shape[0];
  const step = (/** @type {number} */ by, /** @type {string} */ text, /** @type {string} */ name) => {
    const button = make('button', { type: 'button', textContent: text, ariaLabel: name });
    button.addEventListener('click', () => chooseUnit(layer, (unit + by + count) % count));
    return button;
  };
  const close = make('button', { type: 'button', textContent: '×', ariaLabel: 'Close' });
  close.addEventListener('click', () => {
    chooseUnit(layer, unit);
    document.querySelector(`#layer-${layer} button`)?.focus({ preventScroll: true });
  });
  return make('div', { className: 'unit-head' }, make('h4', { textContent: `Layer ${layer + 1}, ${nameOf(layer, unit)}` }), step(-1, '‹', 'Previous unit'), step(1, '›', 'Next unit'), close);
}

/**
 * @param {number} layer
 * @param {number} unit
 */
function nameOf(layer, unit) {
  if (layer < LAYERS.length - 1) return `${LAYERS[layer].kind === 'conv' ? 'channel' : 'unit'} ${unit + 1} of ${LAYERS[layer].shape[0]}`;
  return unit < DATA.info.classes.length ? `output for ${DATA.info.classes[unit]}` : 'output for non-digits';
}

/** @param {number} layer */
function liveParts(layer) {
  const map = make('canvas', { id: 'unit-map', className: 'tiles', width: 1, height: 1 });
  map.setAttribute('role', 'img');
  map.setAttribute('aria-label', 'Its activation for the digit that is shown');
  const parts = [make('figure', {}, map, make('figcaption', { id: 'unit-value' }))];
  if (layer === 0) {
    const weights = make('canvas', { id: 'unit-weights', className: 'tiles' });
    weights.setAttribute('role', 'img');
    weights.setAttribute('aria-label', 'Its weights');
    parts.push(make('figure', {}, weights, make('figcaption', { textContent: 'Its weights: blue for, orange against ink' })));
  }
  return make('div', { className: 'unit-live' }, ...parts);
}

/**
 * @param {number} layer
 * @param {{ frame: Uint8Array, label: string }[]} examples
 */
function exampleParts(layer, examples) {
  const isOutput = layer === LAYERS.length - 1;
  if (!examples.length) return make('p', { textContent: `It responds to none of ${DATA.examples.count.toLocaleString('en')} training images.` });
  const buttons = examples.map(({ frame, label }) => {
    const button = make('button', { type: 'button', ariaLabel: `A training image of ${label}: show it to the network` });
    const picture = drawFrame(frame);
    picture.className = 'frame';
    button.append(picture, make('small', { textContent: label }));
    button.addEventListener('click', () => tryFrame(frame));
    return button;
  });
  const text = `Training images ${isOutput ? 'with a high output here' : 'it responds to most'} (each among the strongest 100 of ${DATA.examples.count.toLocaleString('en')}). Choose one to show it to the network.`;
  return make('div', {}, make('p', { textContent: text }), make('div', { className: 'examples' }, ...buttons));
}

/** @param {number} unit */
async function drawWeights(unit) {
  const [{ weight, shape, kind }] = await layersLoaded;
  const size = weight.length / shape[0];
  const side = kind === 'linear' ? Math.sqrt(size) : shape[2];
  const own = weight.subarray(unit * size, (unit + 1) * size);
  const canvas = document.getElementById('unit-weights');
  if (canvas) drawTiles(/** @type {HTMLCanvasElement} */ (canvas), tilesOf(1, side, side), own, () => strongest(own));
}

/**
 * The largest weight, without the few outliers of a picture of weights: those of pixels at the
 * border, which are never ink, are as they were drawn at random.
 * @param {Float32Array} weights
 */
export function strongest(weights) {
  const sorted = weights.map(Math.abs).sort();
  return sorted[Math.floor((sorted.length > 100 ? 0.99 : 1) * (sorted.length - 1))];
}

function markTile() {
  for (const mark of document.querySelectorAll('.tile-mark')) {
    const { layer, columns, rows } = /** @type {HTMLElement} */ (mark).dataset;
    /** @type {HTMLElement} */ (mark).hidden = !chosen || Number(layer) !== chosen.layer;
    if (!chosen || Number(layer) !== chosen.layer) continue;
    const [across, down] = [100 / Number(columns), 100 / Number(rows)];
    const place = { left: (chosen.unit % Number(columns)) * across, top: Math.floor(chosen.unit / Number(columns)) * down };
    Object.assign(/** @type {HTMLElement} */ (mark).style, { left: `${place.left}%`, top: `${place.top}%`, width: `${across}%`, height: `${down}%` });
  }
}

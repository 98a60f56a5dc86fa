// A look inside: what each layer computes for the chosen digit, live.

import { byId, make } from '../../server/page/elements.js';
import { ask, DATA, layersLoaded } from './engine.js';
import { describe, explain, layersWithWeights } from './layer_words.js';
import { drawFrame, drawTiles, sizeOf, tilesOf } from './pictures.js';
import { chooseUnit, showUnit, startUnit, strongest } from './unit.js';
import { currentView } from './views.js';

/** @typedef {import('./classifier.js').Activations} Activations */

const LAYERS = layersWithWeights(DATA.layers);
/** @type {Activations[] | null} */
let shown = null;
/** @type {Uint8Array | null} */
let latest = null;
/** @type {HTMLCanvasElement[]} */
const canvases = [];
let isComputing = false;

export function startInside() {
  const cards = LAYERS.map((_, number) => card(number));
  byId('layers').replaceChildren(inputCard(), ...cards);
  startUnit(showInside);
  showWeights();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    showWeights();
    draw();
  });
}

/**
 * Show what the network computes for a frame.
 * @param {Uint8Array} frame
 */
export async function showInside(frame) {
  latest = frame;
  if (currentView() !== 'inside' || isComputing) return;
  isComputing = true;
  try {
    /** @type {Uint8Array | null} */
    let computed = null;
    while (latest && latest !== computed) {
      computed = latest;
      const { activations, probabilities } = await ask('classify', { frame: computed });
      if (!latest) return; // the digit was cleared meanwhile
      shown = activations;
      byId('inside-frame').getContext('2d').drawImage(drawFrame(computed), 0, 0);
      showOutputs(Array.from(probabilities));
      draw();
    }
  } finally {
    isComputing = false;
  }
}

/** Compute what was not computed in other views, such as for a picture that was read there. */
export function refreshInside() {
  if (latest) showInside(latest);
}

/** Nothing is drawn: show nothing. */
export function hideInside() {
  latest = shown = null;
  byId('inside-frame').getContext('2d').clearRect(0, 0, 28, 28);
  showOutputs([]);
  draw();
}

function draw() {
  LAYERS.slice(0, -1).forEach((layer, number) => {
    const activations = shown?.[number];
    const tiles = activations ? tilesOf(activations.channels, activations.width, activations.height) : tilesOf(layer.shape[0], 1, 1);
    if (!activations) return blank(canvases[number]);
    const most = activations.values.reduce((largest, each) => Math.max(largest, Math.abs(each)), 0);
    drawTiles(canvases[number], tiles, activations.values, () => most);
  });
  showUnit(shown);
}

/** @param {HTMLCanvasElement} canvas */
function blank(canvas) {
  canvas.getContext('2d')?.clearRect(0, 0, canvas.width, canvas.height);
}

function inputCard() {
  const frame = make('canvas', { id: 'inside-frame', className: 'frame', width: 28, height: 28 });
  frame.setAttribute('role', 'img');
  frame.setAttribute('aria-label', 'The frame');
  return make(
    'article',
    { className: 'layer', id: 'layer-input' },
    make('h3', { textContent: 'The frame' }),
    make('p', { textContent: 'The network never sees your strokes, but these 28×28 = 784 grey levels: the digit, scaled to one size and centred.' }),
    frame,
  );
}

/** @param {number} number of the layer */
function card(number) {
  const layer = LAYERS[number];
  const { title, size } = describe(LAYERS, number);
  const parts = [
    make('h3', {}, `${number + 1}. ${title}`, make('small', { textContent: size })),
    make('p', { textContent: explain(DATA.layers, LAYERS, number) }),
  ];
  if (number === LAYERS.length - 1) {
    const bars = make('div', { className: 'outputs', id: 'outputs' });
    bars.append(...Array.from({ length: layer.shape[0] }, (_, output) => outputBar(number, output)));
    return make('article', { className: 'layer', id: `layer-${number}` }, ...parts, bars);
  }
  if (number === 0) parts.push(make('h4', { textContent: 'Its weights' }), tileCanvas(0, 'weights', 'first-weights').place, legend());
  parts.push(make('h4', { textContent: 'Its activations, live' }));
  const { canvas, place } = tileCanvas(number, 'activations', `maps-${number}`);
  canvases.push(canvas);
  return make('article', { className: 'layer', id: `layer-${number}` }, ...parts, place, firstUnit(number));
}

/**
 * The button that shows the first unit of a layer: with it, those who cannot click on tiles reach all
 * units of the layer, one after the other.
 * @param {number} number of the layer
 */
function firstUnit(number) {
  const text = `Show ${LAYERS[number].kind === 'conv' ? 'channel' : 'unit'} 1`;
  const button = make('button', { type: 'button', className: 'first-unit', textContent: text, ariaLabel: `${text} of layer ${number + 1}` });
  button.addEventListener('click', () => chooseUnit(number, 0, { keep: true }));
  return button;
}

/**
 * @param {number} number of the layer
 * @param {string} what the tiles show
 * @param {string} id
 */
function tileCanvas(number, what, id) {
  const canvas = make('canvas', { id, className: 'tiles' });
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', `The ${what} of layer ${number + 1}, a tile for each of its ${LAYERS[number].shape[0]} units`);
  const { width, height } = sizeOf(tilesForLayer(number, what));
  [canvas.width, canvas.height] = [width, height];
  canvas.addEventListener('click', (event) => {
    const tiles = tilesForLayer(number, what);
    const box = canvas.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * tiles.columns);
    const rows = Math.ceil(tiles.count / tiles.columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    const unit = row * tiles.columns + column;
    if (unit < tiles.count) chooseUnit(number, unit);
  });
  const { columns, count } = tilesForLayer(number, what);
  const mark = make('span', { className: 'tile-mark', hidden: true });
  Object.assign(mark.dataset, { layer: number, columns, rows: Math.ceil(count / columns) });
  return { canvas, place: make('div', { className: 'tiled' }, canvas, mark) };
}

/**
 * @param {number} number
 * @param {string} what
 */
function tilesForLayer(number, what) {
  const layer = LAYERS[number];
  if (what === 'weights') return tilesOf(layer.shape[0], kernelOf(layer), kernelOf(layer));
  const activations = shown?.[number];
  return activations ? tilesOf(activations.channels, activations.width, activations.height) : tilesOf(layer.shape[0], layer.kind === 'conv' ? 8 : 1, layer.kind === 'conv' ? 8 : 1);
}

/** @param {import('./layers.js').Layer} layer */
function kernelOf({ kind, shape }) {
  return kind === 'linear' ? Math.sqrt(shape[1]) : shape[2];
}

async function showWeights() {
  const [{ weight, shape }] = await layersLoaded;
  const size = weight.length / shape[0];
  const largest = Array.from({ length: shape[0] }, (_, unit) => strongest(weight.subarray(unit * size, (unit + 1) * size)));
  drawTiles(byId('first-weights'), tilesForLayer(0, 'weights'), weight, (tile) => largest[tile]);
}

function legend() {
  const [low, high] = [['low', 'ink here speaks against it'], ['high', 'ink here speaks for it']].map(([className, textContent]) => make('span', { className, textContent }));
  return make('p', { className: 'legend' }, low, high);
}

/**
 * @param {number} number of the last layer
 * @param {number} output
 */
function outputBar(number, output) {
  const name = output < 10 ? DATA.info.classes[output] : '–';
  const bar = make('button', { type: 'button' }, make('span', { className: 'column' }, make('span', { className: 'filled' })), make('b', { textContent: name }));
  bar.setAttribute('aria-label', output < 10 ? `Output for ${name}` : 'Output for non-digits');
  bar.addEventListener('click', () => chooseUnit(number, output));
  return bar;
}

/** @param {number[]} probabilities of the digits; none to show no digit */
function showOutputs(probabilities) {
  const rest = probabilities.length ? Math.max(0, 1 - probabilities.reduce((sum, each) => sum + each)) : 0;
  const largest = Math.max(...probabilities, rest);
  [...byId('outputs').children].forEach((bar, output) => {
    const probability = probabilities.length ? [...probabilities, rest][output] : 0;
    bar.querySelector('.filled').style.height = `${100 * probability}%`;
    bar.classList.toggle('is-label', probability > 0 && probability === largest);
  });
}

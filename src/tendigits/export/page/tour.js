// A guided tour in five steps.

import { byId, make } from '../../server/page/elements.js';
import { DATA } from './engine.js';
import { layersWithWeights } from './layer_words.js';
import { chooseUnit } from './unit.js';

/**
 * @typedef {object} Step
 * @property {string} view
 * @property {string} target a selector of what is outlined
 * @property {string} title
 * @property {string} text
 * @property {() => void} [start]
 */

const LAYERS = layersWithWeights(DATA.layers);
const MIDDLE = Math.floor((LAYERS.length - 1) / 2);
// A 5, as fractions of the drawing area's shorter side from its centre.
const FIVE = [
  [[0.14, -0.28], [0.0, -0.29], [-0.12, -0.28], [-0.13, -0.15], [-0.15, -0.03], [-0.06, -0.07], [0.05, -0.07], [0.14, -0.01], [0.17, 0.1], [0.13, 0.2], [0.03, 0.26], [-0.08, 0.27], [-0.16, 0.23]],
];

/** @type {import('../../server/page/drawing.js').Drawing} */
let drawing;
let at = 0;

/** @type {Step[]} */
const STEPS = [
  {
    view: 'read',
    target: '#stage',
    title: 'Draw a digit',
    text: 'Draw any digit here, with the mouse, a finger or a pen. It is read while you draw.',
    start: () => drawing.isEmpty && drawFive(),
  },
  {
    view: 'read',
    target: '.evidence',
    title: 'What the network gets',
    text: 'The digit is cut out, scaled and centred: 28×28 pixels. Beside it is the prediction: a probability for each digit. If none is high enough, the drawing is rejected.',
  },
  {
    view: 'inside',
    target: '#layer-0',
    title: 'The first layer',
    text:
      LAYERS[0].kind === 'conv'
        ? 'The upper tiles are the weights: small patterns, learned from examples. Below is where each of them is found in your digit.'
        : 'The upper tiles are the weights of each unit: blue where it wants ink, orange where it does not. Below is how strongly each unit responds to your digit.',
  },
  {
    view: 'inside',
    target: `#layer-${MIDDLE}`,
    title: 'Deeper layers',
    text: 'Here units combine what the layers before have found. Choose any tile: you see the training images to which it responds most, and so what it has learned to look for.',
    start: () => chooseUnit(MIDDLE, 0, { keep: true }),
  },
  {
    view: 'inside',
    target: `#layer-${LAYERS.length - 1}`,
    title: 'The decision',
    text: 'The last layer weighs all of this up. Now try to fool it: change your digit stroke by stroke until it becomes another one, or draw something that is no digit at all.',
  },
];

/** @param {import('../../server/page/drawing.js').Drawing} ofPage */
export function startTour(ofPage) {
  drawing = ofPage;
  for (const button of document.querySelectorAll('[data-tour]')) button.addEventListener('click', () => go(0));
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') end();
  });
}

/** @param {number} step */
function go(step) {
  at = step;
  const { view, target, title, text, start } = STEPS[step];
  location.hash = `#${view}`;
  byId('tour').hidden = false;
  byId('tour').replaceChildren(
    make('p', { className: 'tour-count', textContent: `Step ${step + 1} of ${STEPS.length}` }),
    make('h2', { id: 'tour-title', tabIndex: -1, textContent: title }),
    make('p', { textContent: text }),
    buttons(),
  );
  byId('tour-title').focus({ preventScroll: true });
  setTimeout(() => outline(target), 50); // after the view has changed
  start?.();
}

function buttons() {
  const [back, next, stop] = [
    button('Back', () => go(at - 1)),
    button(at === STEPS.length - 1 ? 'Done' : 'Next', () => (at === STEPS.length - 1 ? end() : go(at + 1))),
    button('End the tour', end),
  ];
  back.disabled = at === 0;
  next.className = 'main';
  return make('div', { className: 'tour-buttons' }, stop, back, next);
}

/**
 * @param {string} text
 * @param {() => void} onClick
 */
function button(text, onClick) {
  const made = make('button', { type: 'button', textContent: text });
  made.addEventListener('click', onClick);
  return made;
}

/** @param {string} target */
function outline(target) {
  for (const each of document.querySelectorAll('.tour-target')) each.classList.remove('tour-target');
  const found = document.querySelector(target);
  found?.classList.add('tour-target');
  found?.scrollIntoView({ block: 'start', behavior: isCalm() ? 'auto' : 'smooth' });
}

function end() {
  byId('tour').hidden = true;
  for (const each of document.querySelectorAll('.tour-target')) each.classList.remove('tour-target');
}

/** Draw a 5, point by point. */
function drawFive() {
  const points = smooth(FIVE[0]).map(([x, y]) => ({ x, y }));
  const [first, ...others] = points;
  drawing.onStart();
  const stroke = [first];
  drawing.strokes.push(stroke);
  const draw = () => {
    if (!drawing.strokes.includes(stroke)) return; // it was cleared meanwhile
    stroke.push(...others.splice(0, isCalm() ? others.length : 2));
    drawing.show();
    drawing.onMove();
    if (others.length) requestAnimationFrame(draw);
  };
  draw();
}

/** @param {number[][]} points */
function smooth(points) {
  return points.flatMap((point, index) => {
    const next = points[index + 1];
    if (!next) return [point];
    return [0, 0.25, 0.5, 0.75].map((part) => [point[0] + part * (next[0] - point[0]), point[1] + part * (next[1] - point[1])]);
  });
}

function isCalm() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

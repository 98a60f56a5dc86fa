// Starts the page: reading of drawings and pictures, the look inside, and what the page is about.

import { Drawing } from '../../server/page/drawing.js';
import { byId } from '../../server/page/elements.js';
import { listenForPictures, show } from '../../server/page/picture.js';
import { clearResult, showResult, showWaiting, startCopying, startResult } from '../../server/page/result.js';
import { showAbout } from './about.js';
import { ask } from './engine.js';
import { drawFrame } from './pictures.js';
import { hideInside, refreshInside, showInside, startInside } from './inside.js';
import { startTour } from './tour.js';
import { currentView, startViews } from './views.js';

const IDLE = 'Your drawing is read while you draw.';
const PEN_WIDTH = 0.055; // of the area's shorter side: 2 pixels of 20, as in MNIST
const MOST_PIXELS = 16e6; // of a canvas on a phone
const MILLISECONDS_BEFORE_WAITING = 300; // a quicker result needs no “Reading…”

/** The picture that is shown instead of the drawing. @type {File | null} */
let picture = null;
/** @typedef {{ run: () => Promise<void>, isWanted: () => boolean }} Task */
/** @type {Task | null} */
let next = null;
let isReading = false;
let pointsRead = 0; // lifting the pen adds none, so it needs no second reading

const drawing = new Drawing(byId('drawing'), PEN_WIDTH, {
  onStart: () => (byId('hint').hidden = true),
  onMove: readDrawing,
  onChange: readDrawing,
});

startResult((digit) => (digit ? showInside(/** @type {any} */ (digit).pixels) : hideInside()));
startCopying();
startInside();
showAbout();
startViews(() => {
  pointsRead = 0;
  readDrawing();
  refreshInside();
});
startTour(drawing);
listenForPictures(([file]) => readPicture(file));
byId('undo').addEventListener('click', () => drawing.undo());
byId('clear').addEventListener('click', clear);
document.addEventListener('keydown', (event) => {
  if (event.key !== 'z' || !(event.ctrlKey || event.metaKey) || event.shiftKey || byId('undo').disabled) return;
  event.preventDefault();
  drawing.undo();
});
showState();
clearResult(IDLE);
Object.assign(window, { tendigits: { ask, readFile } }); // for scripts and the console

function readDrawing() {
  showState();
  const points = drawing.strokes.reduce((sum, stroke) => sum + stroke.length, 0);
  if (picture || currentView() === 'about' || (points && points === pointsRead)) return;
  pointsRead = points;
  if (drawing.isEmpty) {
    next = null;
    byId('timing').textContent = '';
    clearResult(IDLE);
    return;
  }
  const isWanted = () => !drawing.isEmpty && !picture;
  readLatest({ isWanted, run: () => showReadDrawing(isWanted) });
}

/** @param {() => boolean} isWanted */
async function showReadDrawing(isWanted) {
  if (currentView() === 'about') return; // a hidden drawing has no size; it is read when it is shown
  const { picture: canvas, view } = drawing.asCanvas();
  const start = performance.now();
  const result = await read(canvas, false);
  if (!isWanted()) return;
  byId('timing').textContent = `Read in ${Math.max(1, Math.round(performance.now() - start))} ms, on this device.`;
  showResult([{ name: '', result }], view);
}

/** @param {File} file */
function readPicture(file) {
  picture = file;
  drawing.clear();
  if (location.hash === '#about') location.hash = '#read';
  byId('timing').textContent = '';
  clearResult('');
  const isWanted = () => picture === file;
  const waiting = setTimeout(() => isWanted() && showWaiting(), MILLISECONDS_BEFORE_WAITING);
  const run = () => showReadPicture(file, isWanted).finally(() => clearTimeout(waiting));
  readLatest({ isWanted, run });
}

/**
 * @param {File} file
 * @param {() => boolean} isWanted
 */
async function showReadPicture(file, isWanted) {
  const image = await show(file);
  if (isWanted()) byId('picture').hidden = image === null;
  if (!image) throw new Error('This browser cannot show the file; give a PNG or JPEG.');
  const { result, width, height } = await readFile(file);
  if (isWanted()) showResult([{ name: '', result }], { left: 0, top: 0, width, height });
}

/**
 * Do something after what is being done; of all that is waiting, only the last is done. An error is
 * shown instead of a result, if one is still wanted.
 * @param {Task} task
 */
async function readLatest(task) {
  next = task;
  if (isReading) return;
  isReading = true;
  while (next) {
    const current = next;
    next = null;
    try {
      await current.run();
    } catch (error) {
      if (current.isWanted()) clearResult(/** @type {Error} */ (error).message);
    }
  }
  isReading = false;
}

/**
 * Read a picture: its numbers and digits, each with its frame.
 * @param {HTMLCanvasElement} canvas
 * @param {boolean} isJpeg
 */
async function read(canvas, isJpeg) {
  const { width, height } = canvas;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const pixels = context.getImageData(0, 0, width, height).data;
  const result = await ask('read', { pixels, width, height, isJpeg });
  for (const digit of result.digits) digit.frame = drawFrame(digit.pixels).toDataURL();
  return result;
}

/**
 * Read the picture of a file.
 * @param {Blob} file
 */
async function readFile(file) {
  const canvas = await canvasOf(file);
  const { width, height } = canvas;
  return { result: await read(canvas, file.type === 'image/jpeg'), width, height };
}

/** @param {Blob} file */
async function canvasOf(file) {
  /** @type {ImageBitmapOptions} */
  const options = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' };
  const bitmap = await createImageBitmap(file, options);
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (bitmap.width * bitmap.height)));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function clear() {
  picture = null;
  drawing.clear();
}

function showState() {
  const hasPicture = picture !== null;
  byId('stage').classList.toggle('has-picture', hasPicture);
  byId('picture').hidden = !hasPicture;
  byId('drawing').hidden = hasPicture;
  byId('undo').disabled = hasPicture || drawing.isEmpty;
  byId('clear').disabled = !hasPicture && drawing.isEmpty;
  byId('hint').hidden = hasPicture || !drawing.isEmpty;
}

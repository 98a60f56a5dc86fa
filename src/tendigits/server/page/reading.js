// From what is drawn or given to its answer; the latest alone counts.

import { Problem, readPicture } from './api.js';
import { clearAnswer, showAnswer, showWaiting } from './answer.js';
import { Drawing } from './draw.js';
import { byId } from './elements.js';
import { trying } from './notice.js';
import { drawnAnew, listenForPictures, show } from './picture.js';

/** @typedef {import('./boxes.js').View} View */

const IDLE = 'What you draw is read as soon as you lift the pen.';
const MILLISECONDS_UNTOLD = 300; // an answer that comes sooner needs no word that it is awaited

let latest = new AbortController();
let hasPicture = false;
/** @type {Drawing} */
let drawing;

export function startReading() {
  drawing = new Drawing(byId('drawing'), { onChange: drawn, onStart: begun });
  listenForPictures(pictureGiven);
  byId('undo').addEventListener('click', () => drawing.undo());
  byId('clear').addEventListener('click', clear);
  document.addEventListener('keydown', (event) => {
    const isUndo = event.key === 'z' && (event.ctrlKey || event.metaKey) && !event.shiftKey;
    if (!isUndo || byId('undo').disabled || !byId('undo').checkVisibility()) return;
    event.preventDefault();
    drawing.undo();
  });
  showState();
  clearAnswer(IDLE);
}

function begun() {
  latest.abort(); // what was drawn before is not the whole
  byId('hint').hidden = true;
}

function drawn() {
  showState();
  if (drawing.isEmpty) {
    latest.abort();
    byId('notice').replaceChildren();
    clearAnswer(IDLE);
    return;
  }
  readLatest(async (signal) => {
    const { blob, view } = await drawing.asPicture();
    return { answer: await readPicture(blob, signal, { isDrawing: true }), view };
  });
}

function clear() {
  hasPicture = false;
  drawing.clear();
}

/** @param {File} file */
function pictureGiven(file) {
  hasPicture = true;
  drawing.clear();
  location.hash = '#read';
  readLatest((signal) => readFile(file, signal));
}

/**
 * Read a picture as it is; where the server cannot take the file and the browser can, as a JPEG.
 * @param {File} file
 * @param {AbortSignal} signal
 */
async function readFile(file, signal) {
  const image = await show(file);
  byId('picture').hidden = image === null;
  try {
    const answer = await readPicture(file, signal, { isDrawing: false });
    return { answer, view: image && wholeOf(image.naturalWidth, image.naturalHeight) };
  } catch (problem) {
    const isRejected = problem instanceof Problem && [413, 415].includes(problem.status);
    if (!image || !isRejected) throw problem;
    const { blob, width, height } = await drawnAnew(image);
    if (!blob) throw problem;
    return { answer: await readPicture(blob, signal, { isDrawing: false }), view: wholeOf(width, height) };
  }
}

/**
 * @param {number} width
 * @param {number} height
 * @returns {View}
 */
function wholeOf(width, height) {
  return { left: 0, top: 0, width, height };
}

/**
 * @param {(signal: AbortSignal) => Promise<{ answer: import('./api.js').PictureAnswer, view: View | null }>} read
 */
function readLatest(read) {
  trying(byId('notice'), async () => {
    latest.abort();
    const own = (latest = new AbortController());
    const waiting = setTimeout(() => !own.signal.aborted && showWaiting(), MILLISECONDS_UNTOLD);
    try {
      const { answer, view } = await read(own.signal);
      if (!own.signal.aborted) showAnswer(answer, view);
    } catch (error) {
      own.signal.throwIfAborted(); // whatever it was, nobody waits for it
      clearAnswer('');
      throw error;
    } finally {
      clearTimeout(waiting);
    }
  });
}

function showState() {
  byId('picture').hidden = !hasPicture;
  byId('drawing').hidden = hasPicture;
  byId('undo').disabled = hasPicture || drawing.isEmpty;
  byId('clear').disabled = !hasPicture && drawing.isEmpty;
  byId('hint').hidden = hasPicture || !drawing.isEmpty;
}

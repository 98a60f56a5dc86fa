// From a drawing or a picture to its result; only the latest request counts.

import { Problem, readPicture } from './api.js';
import { Drawing } from './drawing.js';
import { byId } from './elements.js';
import { showProblems } from './notice.js';
import { convertToJpeg, listenForPictures, show } from './picture.js';
import { clearResult, showResult, showWaiting } from './result.js';

/** @typedef {import('./boxes.js').View} View */

const IDLE = 'Your drawing is read as soon as you lift the pen.';
const MILLISECONDS_BEFORE_WAITING = 300; // a quicker result needs no “Reading…”

let latest = new AbortController();
let hasPicture = false;
/** @type {Drawing} */
let drawing;

export function startReading() {
  drawing = new Drawing(byId('drawing'), { onChange: readDrawing, onStart: abortPrevious });
  listenForPictures(readGivenPicture);
  byId('undo').addEventListener('click', () => drawing.undo());
  byId('clear').addEventListener('click', clear);
  document.addEventListener('keydown', (event) => {
    const isUndo = event.key === 'z' && (event.ctrlKey || event.metaKey) && !event.shiftKey;
    if (!isUndo || byId('undo').disabled || !byId('undo').checkVisibility()) return;
    event.preventDefault();
    drawing.undo();
  });
  showState();
  clearResult(IDLE);
}

function abortPrevious() {
  latest.abort(); // the drawing is not finished
  byId('hint').hidden = true;
}

function readDrawing() {
  showState();
  if (drawing.isEmpty) {
    latest.abort();
    byId('notice').replaceChildren();
    clearResult(IDLE);
    return;
  }
  readLatest(async (signal) => {
    const { blob, view } = await drawing.asPicture();
    return { pages: await readPicture(blob, signal, { isDrawing: true }), view };
  });
}

function clear() {
  hasPicture = false;
  drawing.clear();
}

/** @param {File} file */
function readGivenPicture(file) {
  hasPicture = true;
  drawing.clear();
  location.hash = '#read';
  readLatest((signal) => readFile(file, signal));
}

/**
 * Read a file as it is; if the server rejects it and the browser can show it, as a JPEG.
 * @param {File} file
 * @param {AbortSignal} signal
 */
async function readFile(file, signal) {
  const image = await show(file);
  byId('picture').hidden = image === null;
  byId('unseen').hidden = image !== null;
  try {
    const pages = await readPicture(file, signal, { isDrawing: false });
    return { pages, view: image && wholeOf(image.naturalWidth, image.naturalHeight) };
  } catch (problem) {
    const isRejected = problem instanceof Problem && [413, 415].includes(problem.status);
    if (!image || !isRejected) throw problem;
    const { blob, width, height } = await convertToJpeg(image);
    if (!blob) throw problem;
    return { pages: await readPicture(blob, signal, { isDrawing: false }), view: wholeOf(width, height) };
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
 * @param {(signal: AbortSignal) => Promise<{ pages: import('./api.js').PictureResult[], view: View | null }>} read
 */
function readLatest(read) {
  showProblems(byId('notice'), async () => {
    latest.abort();
    const own = (latest = new AbortController());
    const waiting = setTimeout(() => !own.signal.aborted && showWaiting(), MILLISECONDS_BEFORE_WAITING);
    try {
      const { pages, view } = await read(own.signal);
      if (!own.signal.aborted) showResult(pages, view);
    } catch (error) {
      own.signal.throwIfAborted(); // an error of an outdated request is not shown
      clearResult('');
      throw error;
    } finally {
      clearTimeout(waiting);
    }
  });
}

function showState() {
  byId('stage').classList.toggle('has-picture', hasPicture);
  byId('picture').hidden = !hasPicture;
  byId('unseen').hidden = true;
  byId('drawing').hidden = hasPicture;
  byId('undo').disabled = hasPicture || drawing.isEmpty;
  byId('clear').disabled = !hasPicture && drawing.isEmpty;
  byId('hint').hidden = hasPicture || !drawing.isEmpty;
}

// From a drawing or a picture to its result; only the latest request counts.

import { Problem, readPicture } from './api.js';
import { Drawing } from './drawing.js';
import { byId } from './elements.js';
import { showProblems } from './notice.js';
import { convertToJpeg, listenForPictures, show } from './picture.js';
import { clearResult, showResult, showWaiting } from './result.js';

/** @typedef {import('./boxes.js').View} View */
/** @typedef {import('./result.js').Page} Page */

const IDLE = 'Your drawing is read as soon as you lift the pen.';
const MILLISECONDS_BEFORE_WAITING = 300; // a quicker result needs no “Reading…”

let latest = new AbortController();
let hasPicture = false;
/** @type {Drawing} */
let drawing;

export function startReading() {
  drawing = new Drawing(byId('drawing'), byId('pen').valueAsNumber, { onChange: readDrawing, onStart: abortPrevious });
  byId('pen').addEventListener('input', () => drawing.setPenWidth(byId('pen').valueAsNumber));
  listenForPictures(readGivenPictures);
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
    const results = await readPicture(blob, signal, { isDrawing: true });
    return { pages: results.map((result) => ({ name: '', result })), view };
  });
}

function clear() {
  hasPicture = false;
  drawing.clear();
}

/** @param {File[]} files */
function readGivenPictures(files) {
  hasPicture = true;
  drawing.clear();
  location.hash = '#read';
  readLatest((signal) => (files.length === 1 ? readOne(files[0], signal) : readSeveral(files, signal)));
}

/**
 * @param {File} file
 * @param {AbortSignal} signal
 */
async function readOne(file, signal) {
  const { results, view } = await readFile(file, signal);
  return { pages: results.map((result) => ({ name: `Page ${result.page}`, result })), view };
}

/**
 * Read files one after another; each page shows its file when it is chosen.
 * @param {File[]} files
 * @param {AbortSignal} signal
 */
async function readSeveral(files, signal) {
  /** @type {Page[]} */
  const pages = [];
  for (const file of files) {
    for (const result of await resultsOf(file, signal)) {
      const name = result.page > 1 ? `${file.name}, page ${result.page}` : file.name;
      pages.push({ name, result, show: () => showFile(file) });
    }
  }
  return { pages, view: await showFile(files[0]) };
}

/**
 * Read a file; one that cannot be read has a result that says why.
 * @param {File} file
 * @param {AbortSignal} signal
 * @returns {Promise<import('./api.js').PictureResult[]>}
 */
async function resultsOf(file, signal) {
  try {
    return (await readFile(file, signal)).results;
  } catch (problem) {
    // Without a key no file can be read, so the dialog is not shown again for each of them.
    if (!(problem instanceof Problem) || [401, 403].includes(problem.status)) throw problem;
    const error = problem.message;
    return [{ page: 1, text: '', confidence: 0, status: 'error', numbers: [], digits: [], error }];
  }
}

/**
 * @param {File} file
 * @returns {Promise<View | null>}
 */
async function showFile(file) {
  const image = await show(file);
  byId('picture').hidden = image === null;
  byId('unseen').hidden = image !== null;
  return image && wholeOf(image.naturalWidth, image.naturalHeight);
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
    const results = await readPicture(file, signal, { isDrawing: false });
    return { results, view: image && wholeOf(image.naturalWidth, image.naturalHeight) };
  } catch (problem) {
    const isRejected = problem instanceof Problem && [413, 415].includes(problem.status);
    if (!image || !isRejected) throw problem;
    const { blob, width, height } = await convertToJpeg(image);
    if (!blob) throw problem;
    return { results: await readPicture(blob, signal, { isDrawing: false }), view: wholeOf(width, height) };
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
 * @param {(signal: AbortSignal) => Promise<{ pages: Page[], view: View | null }>} read
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
  byId('pen-label').hidden = hasPicture;
  byId('undo').disabled = hasPicture || drawing.isEmpty;
  byId('clear').disabled = !hasPicture && drawing.isEmpty;
  byId('hint').hidden = hasPicture || !drawing.isEmpty;
}

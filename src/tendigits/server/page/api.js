// The server's API: one function per address, and errors as one sentence.

import { askForKey, authorization } from './key.js';

/**
 * Left, top, right and bottom, in pixels of the upright picture.
 * @typedef {[number, number, number, number]} Corners
 * @typedef {{
 *   digit: number, confidence: number, accepted: boolean, box: Corners,
 *   second: { digit: number, confidence: number },
 *   frame: string, probabilities: number[],
 * }} DigitResult
 * @typedef {{ text: string, box: Corners, confidence: number, line: number }} NumberResult
 * @typedef {{
 *   page: number, text: string, confidence: number, status: 'read' | 'empty' | 'error',
 *   numbers: NumberResult[], digits: DigitResult[], error: string | null,
 * }} PictureResult
 * @typedef {number | 'non-digit'} Label
 * @typedef {{ key: string, frame: string, read: Label, correct: Label }} NewCorrection
 * @typedef {NewCorrection & { id: number, model: string, created: string }} Correction
 * @typedef {{ corrections: Correction[], total: number, next: number | null }} CorrectionsPage
 * @typedef {{ images: number, confidence: number, accuracy: number }} CalibrationBin
 * @typedef {{
 *   confusion: number[][], bins: CalibrationBin[], calibration_error: number,
 *   negative_log_likelihood: number,
 * }} Report
 * @typedef {{ label: Label, confidence: number, patch: number, hidden: number[][] }} Occlusion
 */

const TIMEOUT = 6; // seconds
const PICTURE_TIMEOUT = 35; // the server itself rejects a picture after 30 seconds
const DATABASE_TIMEOUT = 15; // the server itself waits for its database for 10 seconds

/** An error that a person can read: one sentence. */
export class Problem extends Error {
  /**
   * @param {string} sentence
   * @param {number} status the HTTP status; 0 if there was no response
   * @param {number} retryAfter the seconds after which the server accepts another request
   */
  constructor(sentence, status = 0, retryAfter = 0) {
    super(sentence);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/**
 * Read a picture, or each page of a document.
 * @param {Blob} picture
 * @param {AbortSignal} signal
 * @param {{ isDrawing: boolean }} options a drawing is read quickly, a photo may take longer
 * @returns {Promise<PictureResult[]>} at least one
 */
export async function readPicture(picture, signal, { isDrawing }) {
  // The server looks at the bytes: browsers name types after the ends of file names.
  const headers = { 'Content-Type': 'application/octet-stream' };
  const timeout = isDrawing ? TIMEOUT : PICTURE_TIMEOUT;
  const result = await call('/v1/read?frames=1', { method: 'POST', body: picture, headers, signal }, timeout);
  return Array.isArray(result) ? result : [result];
}

/**
 * Compute the occlusion map of a frame.
 * @param {string} frame a PNG data URL
 * @returns {Promise<Occlusion>}
 */
export function occlusionOf(frame) {
  return call('/v1/occlusion', withJson('POST', { frame }));
}

/**
 * Store a correction; sent again with the same key, it is stored once.
 * @param {NewCorrection} correction
 * @returns {Promise<Correction>}
 */
export function storeCorrection(correction) {
  return call('/v1/corrections', withJson('POST', correction), DATABASE_TIMEOUT);
}

/**
 * List corrections, the newest first.
 * @param {number | null} before list only corrections with a smaller id
 * @returns {Promise<CorrectionsPage>}
 */
export function listCorrections(before) {
  return call(`/v1/corrections?limit=20${before === null ? '' : `&before=${before}`}`, {}, DATABASE_TIMEOUT);
}

/**
 * Delete a correction; if it was deleted before, that is fine.
 * @param {number} id
 * @returns {Promise<void>}
 */
export async function deleteCorrection(id) {
  try {
    await call(`/v1/corrections/${id}`, { method: 'DELETE' }, DATABASE_TIMEOUT);
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 404) throw problem;
  }
}

/**
 * Get the metadata of the model in use.
 * @returns {Promise<any>}
 */
export function modelInfo() {
  return call('/v1/model', {});
}

/**
 * Get the full report on the model in use.
 * @returns {Promise<Report | null>} null if there is none
 */
export async function modelReport() {
  try {
    return await call('/v1/model/report', {});
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

/**
 * @param {string} method
 * @param {unknown} content
 * @returns {RequestInit}
 */
function withJson(method, content) {
  return { method, body: JSON.stringify(content), headers: { 'Content-Type': 'application/json' } };
}

/**
 * @param {string} path
 * @param {RequestInit} options
 * @param {number} timeout in seconds
 * @returns {Promise<any>} the JSON of the response
 */
async function call(path, options, timeout = TIMEOUT) {
  const { response, content } = await send(path, options, timeout);
  const { status } = response;
  if (status === 401 || status === 403) {
    if (await askForKey()) return call(path, options, timeout);
    throw new Problem('The server requires a key.', status);
  }
  if (status === 204 || (response.ok && content !== null)) return content;
  const sentence = content?.detail ?? `The server responded with an error (${status}).`;
  throw new Problem(sentence, status, Number(response.headers.get('Retry-After')) || 0);
}

/**
 * @param {string} path
 * @param {RequestInit} options
 * @param {number} timeout in seconds
 * @returns {Promise<{ response: Response, content: any }>} the content is null if it is not JSON
 */
async function send(path, options, timeout) {
  const timedOut = AbortSignal.timeout(1000 * timeout);
  const signal = options.signal ? AbortSignal.any([options.signal, timedOut]) : timedOut;
  const headers = { ...options.headers, ...authorization() };
  try {
    const response = await fetch(path, { ...options, headers, signal });
    return { response, content: parsed(await response.text()) };
  } catch (error) {
    if (timedOut.aborted) throw new Problem(`The server did not respond within ${timeout} seconds.`);
    if (signal.aborted) throw error;
    throw new Problem('The server cannot be reached.');
  }
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

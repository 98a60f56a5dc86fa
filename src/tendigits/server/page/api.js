// The server's addresses: one call each, and what went wrong in one sentence.

import { askForKey, authorization } from './key.js';

/**
 * @typedef {{
 *   digit: number, confidence: number, accepted: boolean,
 *   box: [number, number, number, number],
 *   second: { digit: number, confidence: number },
 *   frame: string, probabilities: number[],
 * }} DigitAnswer
 * @typedef {{ text: string, status: 'read' | 'empty' | 'error', digits: DigitAnswer[] }} PictureAnswer
 * @typedef {number | 'no digit'} Label
 * @typedef {{ key: string, frame: string, read: Label, correct: Label }} NewCorrection
 * @typedef {NewCorrection & { id: number, model: string, created: string }} Correction
 * @typedef {{ corrections: Correction[], total: number, next: number | null }} CorrectionsPage
 * @typedef {{ answers: number, confidence: number, accuracy: number }} Bin
 * @typedef {{
 *   confusion: number[][], bins: Bin[], calibration_error: number, negative_log_likelihood: number,
 * }} Report
 * @typedef {{ answer: Label, confidence: number, patch: number, hidden: number[][] }} Occlusion
 */

const SECONDS = 6;
const SECONDS_FOR_A_PICTURE = 35; // the server gives a picture up after 30

/** What went wrong, in a sentence for a person. */
export class Problem extends Error {
  /**
   * @param {string} sentence
   * @param {number} status the HTTP status; 0 where there was no answer
   * @param {number} wait the seconds after which the server wants to be asked again
   */
  constructor(sentence, status = 0, wait = 0) {
    super(sentence);
    this.status = status;
    this.wait = wait;
  }
}

/**
 * Read a picture.
 * @param {Blob} picture
 * @param {AbortSignal} signal
 * @param {{ isDrawing: boolean }} how a drawing is read at once, a photo may take a while
 * @returns {Promise<PictureAnswer>}
 */
export function readPicture(picture, signal, { isDrawing }) {
  const headers = { 'Content-Type': picture.type || 'application/octet-stream' };
  const seconds = isDrawing ? SECONDS : SECONDS_FOR_A_PICTURE;
  return call('/v1/read?frames=1', { method: 'POST', body: picture, headers, signal }, seconds);
}

/**
 * What the full report says of the model; null where there is none.
 * @returns {Promise<Report | null>}
 */
export async function describeReport() {
  try {
    return await call('/v1/model/report', {});
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

/**
 * Ask how sure the network would be with a patch of the frame hidden, for each place of the patch.
 * @param {string} frame a PNG data URL
 * @returns {Promise<Occlusion>}
 */
export function occlusionOf(frame) {
  return call('/v1/occlusion', withJson('POST', { frame }));
}

/**
 * Store a correction; the same one sent again is stored once.
 * @param {NewCorrection} correction
 * @returns {Promise<Correction>}
 */
export function storeCorrection(correction) {
  return call('/v1/corrections', withJson('POST', correction));
}

/**
 * List corrections, the newest first.
 * @param {number | null} before only those with a smaller number
 * @returns {Promise<CorrectionsPage>}
 */
export function listCorrections(before) {
  return call(`/v1/corrections?limit=20${before === null ? '' : `&before=${before}`}`, {});
}

/**
 * Delete a correction; that it was gone already is no problem.
 * @param {number} id
 * @returns {Promise<void>}
 */
export async function deleteCorrection(id) {
  try {
    await call(`/v1/corrections/${id}`, { method: 'DELETE' });
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 404) throw problem;
  }
}

/**
 * Ask what the model file says of itself.
 * @returns {Promise<any>}
 */
export function describeModel() {
  return call('/v1/model', {});
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
 * @param {number} seconds how long to wait for the answer
 * @returns {Promise<any>}
 */
async function call(path, options, seconds = SECONDS) {
  const { response, content } = await send(path, options, seconds);
  const { status } = response;
  if (status === 401 || status === 403) {
    if (await askForKey()) return call(path, options, seconds);
    throw new Problem('The server reads nothing without a key.', status);
  }
  if (status === 204 || (response.ok && content !== null)) return content;
  const sentence = content?.detail ?? `The server answered with an error (${status}).`;
  throw new Problem(sentence, status, Number(response.headers.get('Retry-After')) || 0);
}

/**
 * @param {string} path
 * @param {RequestInit} options
 * @param {number} seconds
 * @returns {Promise<{ response: Response, content: any }>} the content is null where it is no JSON
 */
async function send(path, options, seconds) {
  const late = AbortSignal.timeout(1000 * seconds);
  const signal = options.signal ? AbortSignal.any([options.signal, late]) : late;
  const headers = { ...options.headers, ...authorization() };
  try {
    const response = await fetch(path, { ...options, headers, signal });
    return { response, content: parsed(await response.text()) };
  } catch (error) {
    if (late.aborted) throw new Problem(`The server did not answer within ${seconds} seconds.`);
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

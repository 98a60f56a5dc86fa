// Correcting a shape: choose its correct label; it is stored and can be undone.

import { deleteCorrection, storeCorrection } from './api.js';
import { stored } from './corrected.js';
import { byId, make } from './elements.js';
import { showProblems } from './notice.js';
import { nameOf } from './wording.js';

/**
 * @typedef {import('./api.js').Label} Label
 * @typedef {import('./api.js').DigitResult} DigitResult
 */

/** @type {Label[]} */
const LABELS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 'non-digit'];

/** @type {DigitResult} */
let shown;

/**
 * The keys under which a digit's corrections were sent, by label: what is sent again after a timeout
 * may have been stored.
 * @type {WeakMap<DigitResult, Map<Label, string>>}
 */
const keys = new WeakMap();

/** @type {() => void} */
let onCorrected;

/** @param {() => void} listener called when a correction was stored or undone */
export function startCorrecting(listener) {
  onCorrected = listener;
  byId('correct').addEventListener('click', () => open(byId('labels').hidden));
}

/**
 * Show the button that corrects a shape, or its correction.
 * @param {DigitResult} digit
 */
export function showCorrecting(digit) {
  shown = digit;
  byId('choices').replaceChildren(...LABELS.map((label) => choice(digit, label)));
  byId('correction-notice').replaceChildren();
  open(false);
  showStored(digit);
}

/**
 * @param {DigitResult} digit
 * @param {Label} label
 */
function choice(digit, label) {
  const isNonDigit = label === 'non-digit';
  const button = make('button', {
    type: 'button',
    textContent: isNonDigit ? 'Non-digit' : String(label),
    className: isNonDigit ? 'non-digit' : '',
    disabled: label === labelOf(digit),
  });
  button.addEventListener('click', () => store(digit, label));
  return button;
}

/**
 * @param {DigitResult} digit
 * @param {Label} correct
 */
async function store(digit, correct) {
  const correction = { key: keyFor(digit, correct), frame: digit.frame, read: labelOf(digit), correct };
  await showProblems(byId('correction-notice'), async () => {
    byId('labels').disabled = true; // a double click stores one correction
    try {
      stored.set(digit, await storeCorrection(correction));
    } finally {
      byId('labels').disabled = false;
    }
    onCorrected();
    if (digit !== shown) return;
    showStored(digit);
    document.querySelector('#stored button')?.focus({ preventScroll: true });
  });
}

/**
 * Return the idempotency key of a correction, so that it is stored once however often it is sent.
 * @param {DigitResult} digit
 * @param {Label} correct
 */
function keyFor(digit, correct) {
  const own = keys.get(digit) ?? new Map();
  const key = own.get(correct) ?? newKey();
  keys.set(digit, own.set(correct, key));
  return key;
}

/**
 * Return a unique key.
 * `crypto.randomUUID` exists only on HTTPS and localhost; random bytes exist everywhere.
 */
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {DigitResult} digit */
function showStored(digit) {
  const correction = stored.get(digit);
  byId('correct').hidden = correction !== undefined;
  if (!correction) {
    byId('stored').replaceChildren();
    return;
  }
  open(false);
  const undo = make('button', { type: 'button', textContent: 'Undo' });
  undo.addEventListener('click', () => takeBack(digit, correction.id));
  const text = `Correction stored: read as ${nameOf(correction.read)}, should be ${nameOf(correction.correct)}.`;
  byId('stored').replaceChildren(make('p', { textContent: text }), undo);
}

/**
 * @param {DigitResult} digit
 * @param {number} id
 */
async function takeBack(digit, id) {
  await showProblems(byId('correction-notice'), async () => {
    await deleteCorrection(id);
    stored.delete(digit);
    keys.delete(digit); // the next correction is another one
    onCorrected();
    if (digit !== shown) return;
    showStored(digit);
    byId('correct').focus({ preventScroll: true });
  });
}

/** @param {boolean} isOpen */
function open(isOpen) {
  byId('labels').hidden = !isOpen;
  byId('correct').setAttribute('aria-expanded', String(isOpen));
}

/**
 * @param {DigitResult} digit
 * @returns {Label}
 */
function labelOf({ accepted, digit }) {
  return accepted ? digit : 'non-digit';
}

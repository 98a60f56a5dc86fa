// "That's wrong": what it should have been, stored, with a way back.

import { deleteCorrection, storeCorrection } from './api.js';
import { byId, make } from './elements.js';
import { trying } from './notice.js';
import { inWords } from './wording.js';

/**
 * @typedef {import('./api.js').Label} Label
 * @typedef {import('./api.js').DigitAnswer} DigitAnswer
 */

/** @type {Label[]} */
const LABELS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 'no digit'];

/** What was stored for the shapes that are shown now. @type {WeakMap<DigitAnswer, import('./api.js').Correction>} */
const stored = new WeakMap();
/** @type {DigitAnswer} */
let shown;

export function startCorrecting() {
  byId('wrong').addEventListener('click', () => open(byId('right-ones').hidden));
}

/**
 * Offer to correct how a shape was read.
 * @param {DigitAnswer} digit
 */
export function showCorrecting(digit) {
  shown = digit;
  byId('choices').replaceChildren(...LABELS.map((label) => choice(digit, label)));
  byId('correction-notice').replaceChildren();
  open(false);
  showStored(digit);
}

/**
 * @param {DigitAnswer} digit
 * @param {Label} label
 */
function choice(digit, label) {
  const isNone = label === 'no digit';
  const button = make('button', {
    type: 'button',
    textContent: isNone ? 'Not a digit' : String(label),
    className: isNone ? 'none' : '',
    disabled: label === labelOf(digit),
  });
  button.addEventListener('click', () => store(digit, label));
  return button;
}

/**
 * @param {DigitAnswer} digit
 * @param {Label} correct
 */
async function store(digit, correct) {
  const correction = { key: newKey(), frame: digit.frame, read: labelOf(digit), correct };
  await trying(byId('correction-notice'), async () => {
    byId('right-ones').disabled = true; // two clicks are one correction
    try {
      stored.set(digit, await storeCorrection(correction));
    } finally {
      byId('right-ones').disabled = false;
    }
    if (digit === shown) showStored(digit);
  });
}

/**
 * Return a name that no other correction has, so that one that is sent twice is stored once.
 * `crypto.randomUUID` is there on HTTPS and on this machine alone; random bytes are everywhere.
 */
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {DigitAnswer} digit */
function showStored(digit) {
  const correction = stored.get(digit);
  byId('wrong').hidden = correction !== undefined;
  if (!correction) {
    byId('stored').replaceChildren();
    return;
  }
  open(false);
  const undo = make('button', { type: 'button', textContent: 'Undo' });
  undo.addEventListener('click', () => takeBack(digit, correction.id));
  const said = `Thank you. It is kept: read ${inWords(correction.read)}, should be ${inWords(correction.correct)}.`;
  byId('stored').replaceChildren(make('p', { textContent: said }), undo);
  undo.focus({ preventScroll: true });
}

/**
 * @param {DigitAnswer} digit
 * @param {number} id
 */
async function takeBack(digit, id) {
  await trying(byId('correction-notice'), async () => {
    await deleteCorrection(id);
    stored.delete(digit);
    if (digit !== shown) return;
    showStored(digit);
    byId('wrong').focus({ preventScroll: true });
  });
}

/** @param {boolean} isOpen */
function open(isOpen) {
  byId('right-ones').hidden = !isOpen;
  byId('wrong').setAttribute('aria-expanded', String(isOpen));
}

/**
 * @param {DigitAnswer} digit
 * @returns {Label}
 */
function labelOf({ accepted, digit }) {
  return accepted ? digit : 'no digit';
}

// The corrections of the digits on the page.

/**
 * @typedef {import('./api.js').Correction} Correction
 * @typedef {import('./api.js').DigitResult} DigitResult
 */

/** @type {WeakMap<DigitResult, Correction>} */
export const stored = new WeakMap();

/**
 * Return the correct label of a digit that was corrected.
 * @param {DigitResult} digit
 * @returns {import('./api.js').Label | undefined}
 */
export function correctionOf(digit) {
  return stored.get(digit)?.correct;
}

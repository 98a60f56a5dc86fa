// How probabilities and results are worded.

/**
 * A probability in percent, never rounded to 0 % or 100 %.
 * @param {number} probability from 0 to 1
 */
export function percent(probability) {
  const value = 100 * probability;
  if (value > 99.9) return '>99.9\u00a0%';
  if (value < 0.1) return '<0.1\u00a0%';
  return `${value < 10 || value > 90 ? value.toFixed(1) : value.toFixed(0)}\u00a0%`;
}

/** @param {import('./api.js').Label} label */
export function nameOf(label) {
  return label === 'non-digit' ? 'not a digit' : String(label);
}

/**
 * The result of a page in a few sentences.
 * @param {import('./api.js').PictureResult} result
 */
export function sentenceOf({ numbers, digits, confidence, error }) {
  if (error !== null) return error;
  if (numbers.length === 0) return 'There are no digits in this picture.';
  if (numbers.length > 1) return `${countOf(numbers)} Joint confidence of all numbers: ${percent(confidence)}.`;
  const [{ text }] = numbers;
  if (text.length === 1 && digits.length === 1) return sentenceOfOne(digits[0]);
  const rejected = text.split('?').length - 1;
  const read = `Read as ${text.split('').join(' ')} with a confidence of ${percent(confidence)}.`;
  if (rejected === 0) return read;
  return `${read} ${rejected === 1 ? 'One digit is' : `${rejected} digits are`} rejected, as the confidence is too low.`;
}

/** @param {import('./api.js').NumberResult[]} numbers */
function countOf(numbers) {
  const lines = new Set(numbers.map(({ line }) => line)).size;
  return `Read ${numbers.length} numbers in ${lines === 1 ? 'one line' : `${lines} lines`}.`;
}

/** @param {import('./api.js').DigitResult} digit */
function sentenceOfOne({ digit, confidence, accepted, second }) {
  if (!accepted) {
    return `This digit is rejected, as the confidence is too low. Most similar: ${digit}, with ${percent(confidence)}.`;
  }
  return `Read as ${digit} with a confidence of ${percent(confidence)}. Second most probable: ${second.digit} (${percent(second.confidence)}).`;
}

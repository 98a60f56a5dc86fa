// How probabilities and results are worded.

const WORTH_NAMING = 0.01; // a less probable digit is not named for a rejected shape

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
 * The result of a picture in one or two sentences.
 * @param {import('./api.js').PictureResult} result
 */
export function sentenceOf(result) {
  const { digits, text } = result;
  if (digits.length === 0) return 'The picture is empty.';
  if (digits.length === 1) return sentenceOfOne(digits[0]);
  const rejected = digits.filter((digit) => !digit.accepted).length;
  if (rejected === digits.length) return 'None of the shapes looks like a digit.';
  const confidence = digits.reduce((all, each) => (each.accepted ? all * each.confidence : all), 1);
  const read = `Read as ${text.replaceAll('?', '').split('').join(' ')}. Joint confidence of all digits: ${percent(confidence)}.`;
  if (rejected === 0) return read;
  return `${read} ${rejected === 1 ? 'One shape does' : `${rejected} shapes do`} not look like a digit.`;
}

/** @param {import('./api.js').DigitResult} digit */
function sentenceOfOne({ digit, confidence, accepted, second }) {
  if (!accepted) {
    const nearest = confidence < WORTH_NAMING ? '' : ` Most similar: ${digit}, with ${percent(confidence)}.`;
    return `This does not look like a digit.${nearest}`;
  }
  return `Read as ${digit} with a confidence of ${percent(confidence)}. Second most probable: ${second.digit} (${percent(second.confidence)}).`;
}

// How figures and answers are written.

const WORTH_A_WORD = 0.01;

/**
 * A probability in percent; what is not certain is not written as 100 % or 0 %.
 * @param {number} probability from 0 to 1
 */
export function percent(probability) {
  const value = 100 * probability;
  if (value > 99.9) return '>99.9\u00a0%';
  if (value < 0.1) return '<0.1\u00a0%';
  return `${value < 10 || value > 90 ? value.toFixed(1) : value.toFixed(0)}\u00a0%`;
}

/**
 * A digit, or what is none, as a person says it.
 * @param {number | 'no digit'} answer
 */
export function inWords(answer) {
  return answer === 'no digit' ? 'not a digit' : String(answer);
}

/**
 * What was read in a picture, in a sentence or two.
 * @param {import('./api.js').PictureAnswer} answer
 */
export function sentenceOf(answer) {
  const { digits, text } = answer;
  if (digits.length === 0) return 'There is nothing to read in this picture.';
  if (digits.length === 1) return sentenceOfOne(digits[0]);
  const rejected = digits.filter((digit) => !digit.accepted).length;
  if (rejected === digits.length) return 'None of this looks like a digit.';
  const sure = digits.reduce((all, each) => (each.accepted ? all * each.confidence : all), 1);
  const read = `It reads ${text.replaceAll('?', '').split('').join(' ')}, ${percent(sure)} sure of all of it.`;
  if (rejected === 0) return read;
  return `${read} ${rejected === 1 ? 'One shape does' : `${rejected} shapes do`} not look like a digit.`;
}

/** @param {import('./api.js').DigitAnswer} digit */
function sentenceOfOne({ digit, confidence, accepted, second }) {
  if (!accepted) {
    const nearest = confidence < WORTH_A_WORD ? '' : ` ${digit} comes nearest, with ${percent(confidence)}.`;
    return `This does not look like a digit.${nearest}`;
  }
  return `It reads ${digit}, ${percent(confidence)} sure. Second choice: ${second.digit}, with ${percent(second.confidence)}.`;
}

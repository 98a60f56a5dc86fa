// The probabilities of a character, as in tendigits/reading/combine.py.

import { clip } from './arrays.js';
import { constants } from './constants.js';

/**
 * @param {import('./finder.js').Found} found
 * @param {Float32Array | null} probabilities of the ten digits, by the classifier; null for a mark
 * @param {number} isolation how much of the ink around it belongs to it
 */
export function combine(found, probabilities, isolation = 0) {
  const C = constants.combine;
  const isAlone = isolation >= C.ALONE;
  const [bias, score, agreement] = isAlone ? C.EVIDENCE_ALONE : C.EVIDENCE;
  let evidence = bias + score * logit(found.score);
  const classes = Float64Array.from(found.classes);
  if (probabilities) {
    const common = probabilities.reduce((sum, each, digit) => sum + each * classes[digit], 0);
    evidence += agreement * logit(common);
    const [finders, classifiers] = isAlone ? C.CLASSES_ALONE : C.CLASSES;
    const logs = Array.from(probabilities, (each, digit) =>
      finders * Math.log(classes[digit] + C.FLOOR) + classifiers * Math.log(each + C.CLASSIFIER_FLOOR),
    );
    const largest = Math.max(...logs);
    const shares = logs.map((each) => Math.exp(each - largest));
    const total = shares.reduce((sum, each) => sum + each, 0);
    const digits = classes.slice(0, shares.length).reduce((sum, each) => sum + each, 0);
    shares.forEach((share, digit) => (classes[digit] = (digits * share) / total));
  }
  return Float32Array.from(classes, (each) => each / (1 + Math.exp(-evidence)));
}

/** @param {number} probability */
function logit(probability) {
  const { FLOOR } = constants.combine;
  const clipped = clip(probability, FLOOR, 1 - FLOOR);
  return Math.log(clipped / (1 - clipped));
}

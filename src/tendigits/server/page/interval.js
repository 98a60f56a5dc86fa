// Confidence intervals of proportions.

/**
 * The 95 % confidence interval of a proportion, after Wilson (1927).
 * @param {number} proportion from 0 to 1
 * @param {number} count the number of cases
 * @returns {[number, number]}
 */
export function wilsonInterval(proportion, count) {
  const z = 1.959964;
  const middle = (proportion + z ** 2 / (2 * count)) / (1 + z ** 2 / count);
  const half = (z * Math.sqrt((proportion * (1 - proportion)) / count + z ** 2 / (4 * count ** 2))) / (1 + z ** 2 / count);
  return [middle - half, middle + half];
}

// Numbers as NumPy rounds and ranks them.

/**
 * Round to the nearest integer, halves to the even one.
 * @param {number} value
 */
export function round(value) {
  const nearest = Math.round(value);
  return Math.abs(value - Math.trunc(value)) === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export function clip(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/**
 * Percentiles, with linear interpolation.
 * @param {ArrayLike<number>} values
 * @param {number[]} wanted from 0 to 100
 */
export function percentiles(values, wanted) {
  const sorted = Float32Array.from(values).sort();
  return wanted.map((percent) => {
    const at = (percent / 100) * (sorted.length - 1);
    const low = sorted[Math.floor(at)];
    return low + (sorted[Math.ceil(at)] - low) * (at - Math.floor(at));
  });
}

/** @param {ArrayLike<number>} values at least one */
export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @param {number[]} values at least one */
export function mean(values) {
  return sum(values) / values.length;
}

/** @param {Iterable<number>} values */
export function sum(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** @param {ArrayLike<number>} values at least one; the first of equal ones counts */
export function argmax(values) {
  let best = 0;
  for (let at = 1; at < values.length; at += 1) if (values[at] > values[best]) best = at;
  return best;
}

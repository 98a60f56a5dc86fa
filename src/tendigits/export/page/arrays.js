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
  const ordered = new Float32Array(values);
  return wanted.map((percent) => {
    const at = (percent / 100) * (ordered.length - 1);
    const low = ranked(ordered, Math.floor(at));
    return low + (ranked(ordered, Math.ceil(at)) - low) * (at - Math.floor(at));
  });
}

/**
 * The value that would be at `rank` if all were sorted; they are reordered (Hoare, 1961).
 * @param {Float32Array} values
 * @param {number} rank
 */
function ranked(values, rank) {
  let [from, to] = [0, values.length - 1];
  while (from < to) {
    const middle = values[rank];
    let [low, high] = [from, to];
    while (low <= high) {
      while (values[low] < middle) low += 1;
      while (values[high] > middle) high -= 1;
      if (low > high) break;
      const value = values[low];
      values[low] = values[high];
      values[high] = value;
      low += 1;
      high -= 1;
    }
    if (high < rank) from = low;
    if (rank < low) to = high;
  }
  return values[rank];
}

/** @param {ArrayLike<number>} values at least one */
export function median(values) {
  const sorted = new Float64Array(values).sort();
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

// Dilation, blur, connected pieces, distances and Otsu's threshold, as in OpenCV.

/** @typedef {import('./resize.js').Image} Image */

/**
 * The largest level within a shape around each pixel.
 * @param {Image} image
 * @param {[number, number][]} offsets of the shape: right and down
 * @returns {Image}
 */
export function dilate({ data, width, height }, offsets) {
  const result = new Float32Array(width * height).fill(-Infinity);
  for (const [right, down] of offsets) {
    for (let y = Math.max(0, -down); y < Math.min(height, height - down); y += 1) {
      const [to, from] = [y * width, (y + down) * width + right];
      for (let x = Math.max(0, -right); x < Math.min(width, width - right); x += 1) {
        if (data[from + x] > result[to + x]) result[to + x] = data[from + x];
      }
    }
  }
  return { data: result, width, height };
}

/**
 * The offsets of a square.
 * @param {number} reach from its middle to its sides
 */
export function square(reach) {
  return around(reach, () => true);
}

/**
 * The offsets of a disk.
 * @param {number} radius
 * @param {number} reach
 */
export function disk(radius, reach) {
  return around(reach, (right, down) => Math.hypot(right, down) <= radius);
}

/**
 * @param {number} reach
 * @param {(right: number, down: number) => boolean} isInside
 */
function around(reach, isInside) {
  /** @type {[number, number][]} */
  const offsets = [];
  for (let down = -reach; down <= reach; down += 1) {
    for (let right = -reach; right <= reach; right += 1) if (isInside(right, down)) offsets.push([right, down]);
  }
  return offsets;
}

/**
 * A Gaussian blur; the picture is mirrored at its border.
 * @param {Image} image
 * @param {number} sigma
 * @returns {Image}
 */
export function blur(image, sigma) {
  const reach = Math.round(4 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, at) => Math.exp(-((at - reach) ** 2) / (2 * sigma * sigma)));
  const total = weights.reduce((sum, weight) => sum + weight);
  const turned = blurRows(image, weights, total);
  return blurRows(turned, weights, total);
}

/**
 * Blur the rows, and exchange rows and columns.
 * @param {Image} image
 * @param {number[]} weights
 * @param {number} total of the weights
 * @returns {Image}
 */
function blurRows({ data, width, height }, weights, total) {
  const result = new Float32Array(width * height);
  const reach = (weights.length - 1) / 2;
  const period = Math.max(1, 2 * (width - 1));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let sum = 0;
      for (let at = 0; at < weights.length; at += 1) {
        const mirrored = Math.abs(x + at - reach) % period;
        sum += weights[at] * data[y * width + Math.min(mirrored, period - mirrored)];
      }
      result[x * height + y] = sum / total;
    }
  }
  return { data: result, width: height, height: width };
}

/**
 * Number the pieces of a mask from 1 on; pixels that touch at a corner are connected.
 * @param {Uint8Array} mask
 * @param {number} width
 * @returns {{ labels: Int32Array, count: number }} `count` includes 0, what is outside of all pieces
 */
export function label(mask, width) {
  const height = mask.length / width;
  const labels = new Int32Array(mask.length);
  const stack = [];
  let count = 1;
  for (let start = 0; start < mask.length; start += 1) {
    if (!mask[start] || labels[start]) continue;
    labels[start] = count;
    stack.push(start);
    while (stack.length) {
      const at = /** @type {number} */ (stack.pop());
      const [x, y] = [at % width, Math.floor(at / width)];
      for (let down = Math.max(0, y - 1); down <= Math.min(height - 1, y + 1); down += 1) {
        for (let right = Math.max(0, x - 1); right <= Math.min(width - 1, x + 1); right += 1) {
          const next = down * width + right;
          if (!mask[next] || labels[next]) continue;
          labels[next] = count;
          stack.push(next);
        }
      }
    }
    count += 1;
  }
  return { labels, count };
}

/**
 * The squared distance of each pixel of a mask from the nearest one outside.
 * @param {Uint8Array} mask
 * @param {number} width
 */
export function squaredDistances(mask, width) {
  const height = mask.length / width;
  const vertical = new Int32Array(mask.length);
  const far = width + height;
  for (let x = 0; x < width; x += 1) {
    for (let y = 0, away = far; y < height; y += 1) {
      away = mask[y * width + x] ? Math.min(far, away + 1) : 0;
      vertical[y * width + x] = away;
    }
    for (let y = height - 1, away = far; y >= 0; y -= 1) {
      away = mask[y * width + x] ? Math.min(far, away + 1) : 0;
      if (away < vertical[y * width + x]) vertical[y * width + x] = away;
    }
  }
  const squared = new Int32Array(mask.length);
  for (let at = 0; at < mask.length; at += 1) {
    if (!mask[at]) continue;
    const x = at % width;
    let best = vertical[at] * vertical[at];
    for (let apart = 1; apart * apart < best && apart < width; apart += 1) {
      const before = x < apart ? far : vertical[at - apart];
      const after = x + apart < width ? vertical[at + apart] : far;
      const nearer = Math.min(before, after);
      best = Math.min(best, apart * apart + nearer * nearer);
    }
    squared[at] = best;
  }
  return squared;
}

/**
 * The level that separates dark from light best, after Otsu (1979).
 * @param {ArrayLike<number>} levels integers from 0 to 255
 */
export function otsu(levels) {
  const counts = new Float64Array(256);
  for (let at = 0; at < levels.length; at += 1) counts[levels[at]] += 1;
  const mean = counts.reduce((sum, count, level) => sum + count * level, 0) / levels.length;
  let [below, sum, most, best] = [0, 0, 0, 0];
  counts.forEach((count, level) => {
    below += count / levels.length;
    sum += (level * count) / levels.length;
    const above = 1 - below;
    if (Math.min(below, above) < 1.2e-7) return;
    const between = below * above * (sum / below - (mean - sum) / above) ** 2;
    if (between > most) [most, best] = [between, level];
  });
  return best;
}

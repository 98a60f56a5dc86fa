// The layers of a network. Feature maps lie in the kernel's memory, one channel after the other.

import { allocate, heap, multiply, release, used } from './kernel.js';

/**
 * @typedef {object} Maps feature maps in the kernel's memory
 * @property {number} at where the first is
 * @property {number} channels
 * @property {number} height
 * @property {number} width
 * @property {number} stride from channel to channel; at least eight more than the pixels
 *
 * @typedef {object} Layer
 * @property {'conv' | 'linear'} kind
 * @property {string} name
 * @property {number[]} shape of the weights
 * @property {number} bits of each weight, as the page stores it; from 8 on
 * @property {number} stride
 * @property {number} padding
 * @property {number} groups
 * @property {boolean} relu
 * @property {Float32Array} weight
 * @property {Float32Array} bias
 * @property {number} [panels] where the panels of its weights are, see `prepare`
 */

const BLOCK = 128; // columns of a matrix product, so that the inputs stay in the cache

/**
 * @param {number} channels
 * @param {number} height
 * @param {number} width
 * @returns {Maps}
 */
export function newMaps(channels, height, width) {
  const stride = Math.ceil((height * width + 8) / 8) * 8;
  const at = allocate(Math.ceil(channels / 4) * 4 * stride);
  return { at, channels, height, width, stride };
}

/**
 * The values of maps without gaps between the channels.
 * @param {Maps} maps
 */
export function valuesOf({ at, channels, height, width, stride }) {
  const all = heap();
  const pixels = height * width;
  const values = new Float32Array(channels * pixels);
  for (let channel = 0; channel < channels; channel += 1) {
    const start = at + channel * stride;
    values.set(all.subarray(start, start + pixels), channel * pixels);
  }
  return values;
}

/**
 * A convolution, and a ReLU if the layer has one.
 * @param {Layer} layer
 * @param {Maps} maps
 * @param {Maps | null} added of the shape of the result, added before the ReLU
 * @param {boolean} relu
 * @returns {Maps}
 */
export function convolve(layer, maps, added = null, relu = layer.relu) {
  const [outputs, perGroup, kernel] = layer.shape;
  const height = Math.floor((maps.height + 2 * layer.padding - kernel) / layer.stride) + 1;
  const width = Math.floor((maps.width + 2 * layer.padding - kernel) / layer.stride) + 1;
  if (layer.groups > 1) return convolveEach(layer, maps, height, width, relu);
  const result = newMaps(outputs, height, width);
  const k = perGroup * kernel * kernel;
  const isPlain = kernel === 1 && layer.stride === 1;
  const rows = isPlain ? height : Math.max(1, Math.floor(BLOCK / width));
  const mark = used();
  const patchStride = Math.ceil((rows * width) / 8) * 8;
  const patches = isPlain ? maps.at : allocate(k * patchStride);
  for (let row = 0; row < height; row += rows) {
    const some = Math.min(rows, height - row);
    if (!isPlain && width === maps.width) fillShifted(layer, maps, patches, patchStride, row, some);
    else if (!isPlain) fillPatches(layer, maps, patches, patchStride, row, some, width);
    for (let panel = 0; panel < Math.ceil(outputs / 4); panel += 1) {
      const place = 4 * panel * result.stride + row * width;
      multiply({
        panel: /** @type {number} */ (layer.panels) + panel * (4 + 4 * k),
        inputs: patches,
        results: result.at + place,
        added: added ? added.at + place : 0,
        k,
        inputStride: isPlain ? maps.stride : patchStride,
        resultStride: result.stride,
        columns: Math.ceil((some * width) / 8) * 8,
        relu,
      });
    }
  }
  release(mark);
  return result;
}

/**
 * Copy the weights of convolutions to the kernel's memory, where they stay.
 * @param {(Layer | string)[]} layers
 */
export function prepare(layers) {
  for (const layer of layers) {
    if (typeof layer !== 'string' && layer.kind === 'conv' && layer.groups === 1) layer.panels = panelsOf(layer);
  }
}

/** @param {Layer} layer */
function panelsOf({ shape, weight, bias }) {
  const outputs = shape[0];
  const k = weight.length / outputs;
  const start = allocate(Math.ceil(outputs / 4) * (4 + 4 * k));
  const all = heap();
  for (let output = 0; output < Math.ceil(outputs / 4) * 4; output += 1) {
    const panel = start + Math.floor(output / 4) * (4 + 4 * k) + (output % 4);
    const isReal = output < outputs;
    all[panel] = isReal ? bias[output] : 0;
    for (let each = 0; each < k; each += 1) all[panel + 4 + 4 * each] = isReal ? weight[output * k + each] : 0;
  }
  return start;
}

/**
 * Copy what each result of some rows is computed from into a column.
 * @param {Layer} layer
 * @param {Maps} maps
 * @param {number} patches
 * @param {number} patchStride
 * @param {number} first the first row of results
 * @param {number} count the number of rows
 * @param {number} width of the results
 */
function fillPatches({ shape, stride, padding }, maps, patches, patchStride, first, count, width) {
  const all = heap();
  const kernel = shape[2];
  let to = patches;
  for (let channel = 0; channel < maps.channels; channel += 1) {
    const from = maps.at + channel * maps.stride;
    for (let down = 0; down < kernel; down += 1) {
      for (let right = 0; right < kernel; right += 1) {
        const low = Math.max(0, Math.ceil((padding - right) / stride));
        const high = Math.min(width, Math.floor((maps.width - 1 + padding - right) / stride) + 1);
        let place = to;
        for (let row = first; row < first + count; row += 1, place += width) {
          const y = row * stride + down - padding;
          if (y < 0 || y >= maps.height) {
            all.fill(0, place, place + width);
            continue;
          }
          let source = from + y * maps.width + low * stride + right - padding;
          for (let x = 0; x < low; x += 1) all[place + x] = 0;
          for (let x = low; x < high; x += 1, source += stride) all[place + x] = all[source];
          for (let x = high; x < width; x += 1) all[place + x] = 0;
        }
        to += patchStride;
      }
    }
  }
}

/**
 * The same for results as large as the maps: rows are copied together, shifted, and then what is
 * beyond the border becomes 0.
 * @param {Layer} layer
 * @param {Maps} maps
 * @param {number} patches
 * @param {number} patchStride
 * @param {number} first the first row of results
 * @param {number} count the number of rows
 */
function fillShifted({ shape, padding }, { at, channels, height, width, stride }, patches, patchStride, first, count) {
  const all = heap();
  const kernel = shape[2];
  let to = patches;
  for (let channel = 0; channel < channels; channel += 1) {
    for (let down = -padding; down < kernel - padding; down += 1) {
      const [top, bottom] = [Math.max(first, -down), Math.min(first + count, height - down)];
      for (let right = -padding; right < kernel - padding; right += 1, to += patchStride) {
        const end = to + count * width;
        const source = at + channel * stride + down * width + right;
        all.copyWithin(to + (top - first) * width, source + top * width, source + bottom * width);
        if (top > first) all.fill(0, to, to + (top - first) * width);
        if (bottom < first + count) all.fill(0, to + (bottom - first) * width, end);
        for (let column = 0; column < -right; column += 1) {
          for (let place = to + column; place < end; place += width) all[place] = 0;
        }
        for (let column = width - right; column < width; column += 1) {
          for (let place = to + column; place < end; place += width) all[place] = 0;
        }
      }
    }
  }
}

/**
 * A convolution of each channel by itself.
 * @param {Layer} layer
 * @param {Maps} maps
 * @param {number} height
 * @param {number} width
 * @param {boolean} relu
 */
function convolveEach({ shape, weight, bias, padding }, maps, height, width, relu) {
  const kernel = shape[2];
  const result = newMaps(maps.channels, height, width);
  const all = heap();
  for (let channel = 0; channel < maps.channels; channel += 1) {
    const from = maps.at + channel * maps.stride;
    let to = result.at + channel * result.stride;
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1, to += 1) {
        let sum = bias[channel];
        for (let down = 0; down < kernel; down += 1) {
          const y = row + down - padding;
          if (y < 0 || y >= maps.height) continue;
          for (let right = 0; right < kernel; right += 1) {
            const x = column + right - padding;
            if (x >= 0 && x < maps.width) sum += weight[(channel * kernel + down) * kernel + right] * all[from + y * maps.width + x];
          }
        }
        all[to] = relu && sum < 0 ? 0 : sum;
      }
    }
  }
  return result;
}

/**
 * The maximum of each 2x2 pixels.
 * @param {Maps} maps
 */
export function poolMaxima(maps) {
  const [height, width] = [maps.height >> 1, maps.width >> 1];
  const result = newMaps(maps.channels, height, width);
  const all = heap();
  for (let channel = 0; channel < maps.channels; channel += 1) {
    let to = result.at + channel * result.stride;
    for (let row = 0; row < height; row += 1) {
      let from = maps.at + channel * maps.stride + 2 * row * maps.width;
      for (let column = 0; column < width; column += 1, from += 2, to += 1) {
        all[to] = Math.max(all[from], all[from + 1], all[from + maps.width], all[from + maps.width + 1]);
      }
    }
  }
  return result;
}

/**
 * The maximum of each channel, then the mean of each.
 * @param {Maps} maps
 */
export function maximaAndMeans(maps) {
  const values = valuesOf(maps);
  const pixels = maps.height * maps.width;
  const features = new Float32Array(2 * maps.channels);
  for (let channel = 0; channel < maps.channels; channel += 1) {
    let [maximum, sum] = [-Infinity, 0];
    for (let at = channel * pixels; at < (channel + 1) * pixels; at += 1) {
      if (values[at] > maximum) maximum = values[at];
      sum += values[at];
    }
    features[channel] = maximum;
    features[maps.channels + channel] = sum / pixels;
  }
  return features;
}

/**
 * A linear layer, and a ReLU if the layer has one.
 * @param {Layer} layer
 * @param {Float32Array} inputs
 */
export function transform({ shape, weight, bias, relu }, inputs) {
  const [outputs, count] = shape;
  const results = new Float32Array(outputs);
  for (let output = 0; output < outputs; output += 1) {
    let sum = bias[output];
    for (let at = 0, from = output * count; at < count; at += 1, from += 1) sum += weight[from] * inputs[at];
    results[output] = relu && sum < 0 ? 0 : sum;
  }
  return results;
}

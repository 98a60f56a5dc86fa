// The classifier: from frames to probabilities, and to the activations of each layer.

import { heap, release, used } from './kernel.js';
import { convolve, maximaAndMeans, newMaps, poolMaxima, prepare, transform, valuesOf } from './layers.js';

const SIZE = 28;
export const DIGITS = 10;

/**
 * What a layer gave for a frame.
 * @typedef {object} Activations
 * @property {string} name
 * @property {number} channels
 * @property {number} height 1 for a layer without maps
 * @property {number} width
 * @property {Float32Array} values one channel after the other
 *
 * @typedef {object} Classified
 * @property {Float32Array} logits
 * @property {Float32Array} probabilities of the ten digits; they sum to 1, or less with non-digits
 * @property {Activations[]} activations of each layer with weights, after its ReLU
 */

export class Classifier {
  /**
   * @param {(import('./layers.js').Layer | string)[]} layers
   * @param {number} temperature
   */
  constructor(layers, temperature) {
    this.layers = layers;
    this.temperature = temperature;
    prepare(layers);
  }

  /**
   * @param {Uint8Array} frame 784 grey levels
   * @returns {Classified}
   */
  classify(frame) {
    const mark = used();
    const input = newMaps(1, SIZE, SIZE);
    heap().set(Float32Array.from(frame, (level) => level / 255), input.at);
    /** @type {import('./layers.js').Maps} */
    let maps = input;
    /** @type {Float32Array | null} */
    let values = null;
    /** @type {Activations[]} */
    const activations = [];
    for (const layer of this.layers) {
      if (layer === 'max pooling') maps = poolMaxima(maps);
      else if (layer === 'maxima and means') values = maximaAndMeans(maps);
      else if (typeof layer === 'string') throw new Error(`This page has no layer “${layer}”.`);
      else if (layer.kind === 'conv') {
        maps = convolve(layer, maps);
        const { channels, height, width } = maps;
        activations.push({ name: layer.name, channels, height, width, values: valuesOf(maps) });
      } else {
        values = transform(layer, values ?? valuesOf(maps));
        activations.push({ name: layer.name, channels: values.length, height: 1, width: 1, values });
      }
    }
    release(mark);
    const logits = /** @type {Float32Array} */ (values);
    return { logits, probabilities: softmax(logits, this.temperature).slice(0, DIGITS), activations };
  }
}

/**
 * @param {Float32Array} logits
 * @param {number} temperature
 */
function softmax(logits, temperature) {
  const largest = Math.max(...logits);
  const powers = Float64Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  const sum = powers.reduce((total, each) => total + each, 0);
  return Float32Array.from(powers, (each) => each / sum);
}

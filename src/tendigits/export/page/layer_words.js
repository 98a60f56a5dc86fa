// What the layers of a network are called and what they do, in words.

/** @typedef {import('./layers.js').Layer} Layer */

/**
 * @param {(Layer | string)[]} steps
 * @returns {Layer[]}
 */
export function layersWithWeights(steps) {
  return /** @type {Layer[]} */ (steps.filter((step) => typeof step !== 'string'));
}

/**
 * @param {Layer[]} layers
 * @param {number} number
 */
export function describe(layers, number) {
  const { kind, shape, groups } = layers[number];
  if (number === layers.length - 1) return { title: 'The output', size: `${shape[0]} units` };
  if (kind === 'linear') return { title: 'Fully connected layer', size: `${shape[0]} units` };
  const name = groups > 1 ? 'Convolution of each channel' : 'Convolution';
  return { title: `${name} ${shape[2]}×${shape[3]}`, size: `${shape[0]} channels` };
}

/**
 * @param {(Layer | string)[]} steps
 * @param {Layer[]} layers
 * @param {number} number
 */
export function explain(steps, layers, number) {
  const layer = layers[number];
  const before = beforeLayer(steps, layer);
  if (number === layers.length - 1) return `${before}${ofOutput(layer)}`;
  if (layer.kind === 'linear') return number === 0 ? OF_FIRST_UNITS : 'Each unit adds up all units of the layer before, with a weight for each, and is silent if the sum is negative.';
  if (number === 0) return `Each channel slides one small pattern of ${layer.shape[2]}×${layer.shape[3]} weights over the frame. Its map is strong where the ink looks like the pattern.`;
  if (layer.groups > 1) return `${before}Each channel is filtered by itself, which takes few weights.`;
  if (layer.shape[2] === 1) return `${before}Each channel mixes all channels of the layer before, pixel by pixel.`;
  return `${before}Each channel combines all maps before it, in patches of ${layer.shape[2]}×${layer.shape[3]}: strokes become corners, curves and loops.`;
}

const OF_FIRST_UNITS = 'Each unit adds up all 784 pixels, with a weight for each, and is silent if the sum is negative. Its weights are a picture: what it looks for.';

/** @param {Layer} layer */
function ofOutput({ shape }) {
  const rest = shape[0] > 10 ? ', and one for what is not a digit' : '';
  return `One unit for each digit${rest}. Together they become probabilities; the largest is the prediction.`;
}

/**
 * What happens between the layer before and this one.
 * @param {(Layer | string)[]} steps
 * @param {Layer} layer
 */
function beforeLayer(steps, layer) {
  const step = steps[steps.indexOf(layer) - 1];
  if (step === 'max pooling') return 'Of each 2×2 pixels only the strongest is kept. ';
  if (step === 'maxima and means') return 'Of each map only the maximum and the mean are kept. ';
  return '';
}

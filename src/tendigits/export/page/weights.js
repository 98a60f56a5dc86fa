// Weights, as the page stores them: compressed, as text, with a scale for each output channel.

/** @typedef {import('./layers.js').Layer} Layer */

const BITS = 8;

/**
 * @param {string} text base64 of data compressed with deflate
 * @returns {Promise<ArrayBuffer>}
 */
export async function unpack(text) {
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Response(unpacked).arrayBuffer();
}

/**
 * Add the weights to the descriptions of layers. Entries that are text have none.
 * @template Entry
 * @param {Entry[]} layers
 * @param {ArrayBuffer} buffer the weights, in the order of the layers
 * @returns {Entry[]}
 */
export function withWeights(layers, buffer) {
  let at = 0;
  const take = (/** @type {number} */ bytes) => buffer.slice(at, (at += bytes));
  return layers.map((layer) => {
    if (typeof layer === 'string') return layer;
    const { shape, bits } = /** @type {Layer} */ (/** @type {unknown} */ (layer));
    const count = shape.reduce((product, side) => product * side);
    const scale = new Float32Array(take(4 * shape[0]));
    const bias = new Float32Array(take(4 * shape[0]));
    const integers = Int32Array.from(new Int8Array(take(count)));
    for (let bit = BITS; bit < bits; bit += 1) {
      const plane = new Uint8Array(take(Math.ceil(count / 8)));
      for (let each = 0; each < count; each += 1) {
        integers[each] = 2 * integers[each] + ((plane[each >> 3] >> (7 - (each & 7))) & 1);
      }
    }
    const perOutput = count / shape[0];
    const weight = Float32Array.from(integers, (integer, each) => integer * scale[Math.floor(each / perOutput)]);
    return { ...layer, weight, bias };
  });
}

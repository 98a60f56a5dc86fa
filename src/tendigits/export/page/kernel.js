// Matrix products: in WebAssembly with four numbers at a time, or in JavaScript without it.
//
// A panel is four rows of weights: four biases, then for each of the k inputs the four weights of
// it. `multiply` computes four rows of results, eight columns at a time.

const PAGE = 65536;
const memory = globalThis.WebAssembly ? new WebAssembly.Memory({ initial: 64 }) : plainMemory();
let top = 1024; // bytes in use, from the start of the memory

/** A memory for browsers without WebAssembly, such as Safari in lockdown mode. */
function plainMemory() {
  return {
    buffer: new ArrayBuffer(64 * PAGE),
    /** @param {number} pages */
    grow(pages) {
      const larger = new Uint8Array(this.buffer.byteLength + pages * PAGE);
      larger.set(new Uint8Array(this.buffer));
      this.buffer = larger.buffer;
    },
  };
}

/** All memory as numbers. It must be called again after each `allocate`. */
export function heap() {
  return new Float32Array(memory.buffer);
}

/**
 * Return where room for some numbers starts, as an index of `heap()`.
 * @param {number} count
 */
export function allocate(count) {
  const start = top;
  top += 4 * Math.ceil(count / 8) * 8;
  const missing = top + 64 - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE) + 64);
  return start / 4;
}

/** Return what is in use, to release what is allocated from now on. */
export function used() {
  return top;
}

/** @param {number} mark what `used` returned */
export function release(mark) {
  top = mark;
}

/**
 * @typedef {object} Product all places are indices of `heap()`
 * @property {number} panel where the weights are
 * @property {number} inputs where the first of k rows of inputs is
 * @property {number} results where the first of four rows of results is
 * @property {number} added where the first of four rows is that are added; 0 for none
 * @property {number} k
 * @property {number} inputStride from row to row
 * @property {number} resultStride from row to row, of what is added too
 * @property {number} columns a multiple of 8
 * @property {boolean} relu
 */

/** @type {(product: Product) => void} */
export const multiply = inWebAssembly(true) ?? inWebAssembly(false) ?? inJavaScript;

/** @param {Product} product */
function inJavaScript({ panel, inputs, results, added, k, inputStride, resultStride, columns, relu }) {
  const all = heap();
  for (let row = 0; row < 4; row += 1) {
    const to = results + row * resultStride;
    for (let column = 0; column < columns; column += 1) {
      all[to + column] = all[panel + row] + (added ? all[added + row * resultStride + column] : 0);
    }
    for (let each = 0; each < k; each += 1) {
      const weight = all[panel + 4 + 4 * each + row];
      const from = inputs + each * inputStride;
      for (let column = 0; column < columns; column += 1) all[to + column] += weight * all[from + column];
    }
    if (relu) for (let at = to; at < to + columns; at += 1) if (all[at] < 0) all[at] = 0;
  }
}

/**
 * Return the product in WebAssembly; nothing where the browser does not have it.
 * @param {boolean} isFused whether a product and a sum are one instruction, which is faster
 */
function inWebAssembly(isFused) {
  try {
    const compiled = new WebAssembly.Module(assembled(isFused));
    const { exports } = new WebAssembly.Instance(compiled, { m: { m: memory } });
    const run = /** @type {(...numbers: number[]) => void} */ (exports.f);
    return (/** @type {Product} */ p) =>
      run(4 * p.panel, 4 * p.inputs, 4 * p.results, p.k, 4 * p.inputStride, 4 * p.resultStride, p.columns, p.relu ? 0 : -Infinity, 4 * p.added);
  } catch {
    return null;
  }
}

/**
 * The module: a memory, and a function with nine parameters, written in WebAssembly's binary format.
 * @param {boolean} isFused
 */
function assembled(isFused) {
  const [panel, inputs, results, k, inputStride, resultStride, columns, floor, added] = Array(9).keys();
  const [weights, row, left, at] = [9, 10, 11, 12];
  const sums = [13, 14, 15, 16, 17, 18, 19, 20]; // two of each of the four rows
  const [first, second, weight] = [21, 22, 23];
  const get = (/** @type {number} */ local) => [0x20, local];
  const set = (/** @type {number} */ local) => [0x21, local];
  const vector = (/** @type {number[]} */ ...code) => [0xfd, ...code];
  const load = (/** @type {number} */ local, /** @type {number} */ offset) => [...get(local), ...vector(0x00, 2, offset)];
  const spread = (/** @type {number} */ local, /** @type {number} */ offset) => [...get(local), ...vector(0x09, 2, offset)];
  const [add, times, maximum] = [vector(0xe4, 1), vector(0xe6, 1), vector(0xe9, 1)];
  const addProduct = (/** @type {number} */ sum) => (isFused ? [...get(sum), ...vector(0x85, 2)] : [...times, ...get(sum), ...add]);
  const advance = (/** @type {number} */ local, /** @type {number[]} */ ...by) => [...get(local), ...by, 0x6a, ...set(local)];
  const number = (/** @type {number} */ value) => [0x41, value & 0x7f];
  const four = (/** @type {(row: number) => number[]} */ code) => [0, 1, 2, 3].flatMap(code);
  const body = [
    0x03, 0x40, // for each eight columns
    ...four((r) => [...spread(panel, 4 * r), ...set(sums[2 * r]), ...get(sums[2 * r]), ...set(sums[2 * r + 1])]),
    ...get(added), 0x04, 0x40, // if something is added
    ...get(added), ...set(at),
    ...four((r) => [
      ...load(at, 0), ...get(sums[2 * r]), ...add, ...set(sums[2 * r]),
      ...load(at, 16), ...get(sums[2 * r + 1]), ...add, ...set(sums[2 * r + 1]),
      ...advance(at, ...get(resultStride)),
    ]),
    ...advance(added, ...number(32)),
    0x0b,
    ...get(panel), ...number(16), 0x6a, ...set(weights),
    ...get(inputs), ...set(row),
    ...get(k), ...set(left),
    0x03, 0x40, // for each input
    ...load(row, 0), ...set(first),
    ...load(row, 16), ...set(second),
    ...four((r) => [
      ...spread(weights, 4 * r), ...set(weight),
      ...get(weight), ...get(first), ...addProduct(sums[2 * r]), ...set(sums[2 * r]),
      ...get(weight), ...get(second), ...addProduct(sums[2 * r + 1]), ...set(sums[2 * r + 1]),
    ]),
    ...advance(weights, ...number(16)),
    ...advance(row, ...get(inputStride)),
    ...get(left), ...number(1), 0x6b, 0x22, left, 0x0d, 0,
    0x0b,
    ...get(results), ...set(at),
    ...four((r) => [
      ...get(at), ...get(sums[2 * r]), ...get(floor), ...vector(0x13), ...maximum, ...vector(0x0b, 2, 0),
      ...get(at), ...get(sums[2 * r + 1]), ...get(floor), ...vector(0x13), ...maximum, ...vector(0x0b, 2, 16),
      ...advance(at, ...get(resultStride)),
    ]),
    ...advance(inputs, ...number(32)),
    ...advance(results, ...number(32)),
    ...get(columns), ...number(8), 0x6b, 0x22, columns, 0x0d, 0,
    0x0b,
    0x0b,
  ];
  const [int, float, four32] = [0x7f, 0x7d, 0x7b];
  const code = [2, 4, int, 11, four32, ...body];
  return new Uint8Array([
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 9, int, int, int, int, int, int, int, float, int, 0]),
    ...section(2, [1, 1, 0x6d, 1, 0x6d, 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x66, 0, 0]),
    ...section(10, [1, ...length(code.length), ...code]),
  ]);
}

/**
 * @param {number} id
 * @param {number[]} content
 */
function section(id, content) {
  return [id, ...length(content.length), ...content];
}

/** @param {number} value an unsigned LEB128 */
function length(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...length(value >> 7)];
}

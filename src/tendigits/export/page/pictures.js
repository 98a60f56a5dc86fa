// Pictures of numbers: frames, activations and weights as tiles.

const SIZE = 28;

/**
 * A frame: light ink on black.
 * @param {ArrayLike<number>} frame 784 grey levels
 */
export function drawFrame(frame) {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIZE;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const image = context.createImageData(SIZE, SIZE);
  for (let at = 0; at < SIZE * SIZE; at += 1) image.data.set([frame[at], frame[at], frame[at], 255], 4 * at);
  context.putImageData(image, 0, 0);
  return canvas;
}

/**
 * Maps as tiles beside and below each other.
 * @typedef {{ width: number, height: number, columns: number, count: number, gap: number }} Tiles
 */

/**
 * @param {number} count
 * @param {number} width of a tile
 * @param {number} height
 * @returns {Tiles}
 */
export function tilesOf(count, width, height) {
  const columns = columnsOf(count);
  return { width, height, columns, count, gap: width > 12 ? 2 : 1 };
}

/** @param {number} count */
function columnsOf(count) {
  if (count <= 16) return Math.min(count, 8);
  const wanted = Math.sqrt(2 * count);
  const divisors = Array.from({ length: 26 }, (_, at) => at + 4).filter((columns) => count % columns === 0);
  const near = divisors.filter((columns) => columns >= wanted / 1.5 && columns <= wanted * 1.5);
  const best = near.sort((one, other) => Math.abs(one - wanted) - Math.abs(other - wanted))[0];
  return best ?? Math.ceil(wanted);
}

/**
 * The size of a canvas with the tiles, in pixels.
 * @param {Tiles} tiles
 */
export function sizeOf({ width, height, columns, count, gap }) {
  const rows = Math.ceil(count / columns);
  return { width: columns * (width + gap) - gap, height: rows * (height + gap) - gap };
}

/**
 * Draw values as tiles, each from -1 to 1 after division by the largest.
 * @param {HTMLCanvasElement} canvas
 * @param {Tiles} tiles
 * @param {ArrayLike<number>} values one tile after the other
 * @param {(tile: number) => number} largest of a tile
 */
export function drawTiles(canvas, tiles, values, largest) {
  const { width, height } = sizeOf(tiles);
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const colours = palette();
  const area = tiles.width * tiles.height;
  for (let tile = 0; tile < tiles.count; tile += 1) {
    const left = (tile % tiles.columns) * (tiles.width + tiles.gap);
    const top = Math.floor(tile / tiles.columns) * (tiles.height + tiles.gap);
    const factor = 127 / Math.max(largest(tile), 1e-9);
    for (let at = 0; at < area; at += 1) {
      const level = Math.round(Math.min(127, Math.max(-127, values[tile * area + at] * factor)));
      pixels[(top + Math.floor(at / tiles.width)) * width + left + (at % tiles.width)] = colours[level + 127];
    }
  }
  context.putImageData(image, 0, 0);
}

/** @type {{ name: string, colours: Uint32Array } | null} */
let cached = null;

/** Colours from orange (-1) through the ground (0) to blue (1), for light and dark. */
function palette() {
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches;
  const name = isDark ? 'dark' : 'light';
  if (cached?.name === name) return cached.colours;
  const [ground, low, high, most, least] = isDark
    ? [[34, 38, 47], [190, 98, 40], [92, 120, 240], [225, 232, 255], [255, 214, 176]]
    : [[233, 232, 227], [236, 150, 84], [92, 120, 226], [20, 32, 112], [116, 48, 4]];
  const colours = Uint32Array.from({ length: 255 }, (_, at) => {
    const level = (at - 127) / 127;
    const [middle, end] = level < 0 ? [low, least] : [high, most];
    const strength = Math.abs(level) ** 0.8;
    const [from, to, part] = strength < 0.5 ? [ground, middle, 2 * strength] : [middle, end, 2 * strength - 1];
    const [red, green, blue] = from.map((each, index) => Math.round(each + (to[index] - each) * part));
    return (255 << 24) | (blue << 16) | (green << 8) | red;
  });
  cached = { name, colours };
  return colours;
}

// The training images that each unit responds to most.

import { byId } from '../../server/page/elements.js';
import { DATA } from './engine.js';
import { unpack } from './weights.js';

const [PIXELS, EACH, NONE] = [784, 6, 0xffff];

/** @type {Promise<{ frames: Uint8Array[], labels: Uint8Array, ofUnits: Uint16Array }> | undefined} */
let unpacked;

/**
 * The images that a unit responds to most, the strongest first.
 * @param {number} unit counted through all layers
 * @returns {Promise<{ frame: Uint8Array, label: string }[]>}
 */
export async function examplesOf(unit) {
  unpacked ??= load();
  const { frames, labels, ofUnits } = await unpacked;
  const own = [...ofUnits.subarray(EACH * unit, EACH * (unit + 1))].filter((image) => image !== NONE);
  return own.map((image) => ({ frame: frames[image], label: DATA.info.classes[labels[image]] }));
}

async function load() {
  const data = new Uint8Array(await unpack(byId('examples').textContent));
  const { images } = DATA.examples;
  const size = PIXELS / 2;
  const frames = Array.from({ length: images }, (_, image) =>
    Uint8Array.from({ length: PIXELS }, (_, at) => {
      const pair = data[image * size + (at >> 1)];
      return 17 * (at % 2 ? pair & 15 : pair >> 4);
    }),
  );
  const labels = data.subarray(images * size, images * (size + 1));
  const ofUnits = new Uint16Array(data.slice(images * (size + 1)).buffer);
  return { frames, labels, ofUnits };
}

// What computes: a worker that loads the networks once, then reads pictures and classifies frames.

import { Classifier } from './classifier.js';
import { setConstants } from './constants.js';
import { Finder } from './finder.js';
import { Reader } from './reader.js';
import { toGrey } from './grey.js';
import { withWeights } from './weights.js';

/** @type {Reader} */
let reader;

/** @type {Record<string, (message: any) => unknown>} */
const tasks = {
  load({ data, weights, finder }) {
    setConstants(data.constants);
    const { layers, info } = data;
    const classifier = new Classifier(withWeights(layers, weights), info.temperature);
    const found = data.finder;
    const loaded = found ? new Finder(withWeights(found.layers, finder), found.box_unit) : null;
    reader = new Reader(classifier, loaded, info.threshold);
  },
  read({ pixels, width, height, isJpeg }) {
    const { grey, scale } = toGrey(pixels, width, height, isJpeg);
    return reader.read(grey, scale);
  },
  classify({ frame }) {
    return reader.classifier.classify(frame);
  },
  classifyAll({ frames }) {
    const size = 784;
    return Array.from({ length: frames.length / size }, (_, at) =>
      Array.from(reader.classifier.classify(frames.subarray(at * size, (at + 1) * size)).probabilities),
    );
  },
};

addEventListener('message', ({ data: { id, task, message } }) => {
  try {
    postMessage({ id, result: tasks[task](message) });
  } catch (error) {
    postMessage({ id, error: String(error) });
  }
});

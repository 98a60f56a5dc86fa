// What computes, as the page sees it: a worker, and the data that the page contains.

import { byId } from '../../server/page/elements.js';
import { unpack, withWeights } from './weights.js';

export const DATA = JSON.parse(byId('data').textContent);

/** The classifier's layers with their weights, for pictures of these. */
export const layersLoaded = unpack(byId('weights').textContent).then((weights) =>
  withWeights(DATA.layers, weights),
);

/** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
const waiting = new Map();
let last = 0;
/** @type {Worker} */
let worker;

/** @type {Promise<unknown>} */
const loaded = load();

/**
 * Let the worker do something, after it has loaded the networks.
 * @param {'read' | 'classify' | 'classifyAll'} task
 * @param {object} message
 */
export async function ask(task, message) {
  await loaded;
  return send(task, message);
}

/**
 * @param {string} task
 * @param {object} message
 * @returns {Promise<any>}
 */
function send(task, message) {
  last += 1;
  const id = last;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker.postMessage({ id, task, message });
  });
}

async function load() {
  const [program, weights, finder] = await Promise.all(['worker', 'weights', 'finder'].map((id) => unpack(byId(id).textContent)));
  worker = new Worker(URL.createObjectURL(new Blob([program], { type: 'text/javascript' })));
  worker.addEventListener('message', receive);
  worker.addEventListener('error', fail);
  return send('load', { data: DATA, weights, finder });
}

/** @param {MessageEvent} event */
function receive({ data: { id, result, error } }) {
  const { resolve, reject } = /** @type {any} */ (waiting.get(id));
  waiting.delete(id);
  if (error === undefined) resolve(result);
  else reject(new Error(error));
}

/**
 * The worker cannot be started, or no longer runs.
 * @param {ErrorEvent} event
 */
function fail({ message }) {
  for (const { reject } of waiting.values()) reject(new Error(`This browser cannot run the network: ${message || 'its worker does not start'}.`));
  waiting.clear();
}

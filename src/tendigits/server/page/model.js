// What the model file says of itself.

import { describeModel, describeReport } from './api.js';
import { byId, make } from './elements.js';
import { wilsonInterval } from './interval.js';
import { trying } from './notice.js';
import { calibration, confusion } from './report.js';

const NUMBER = new Intl.NumberFormat('en');
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** Show it anew: another may be in service by now. */
export function showModel() {
  return trying(byId('model-notice'), async () => {
    const [model, report] = await Promise.all([describeModel(), describeReport()]);
    byId('model-title').textContent = `The model “${model.name}”`;
    byId('model-lead').textContent = model.description;
    byId('model-figures').replaceChildren(
      accuracy(model),
      list(figures(model)),
      ...(report ? [confusion(report), calibration(report)] : []),
      ...furtherParts(model),
    );
  });
}

/** @param {any} model */
function accuracy({ test }) {
  const [low, high] = wilsonInterval(test.accuracy, test.examples).map(hundredths);
  return make(
    'div',
    { className: 'accuracy' },
    make('p', { className: 'number', textContent: `${hundredths(test.accuracy)}\u00a0%` }),
    make('p', {
      textContent: `of ${NUMBER.format(test.examples)} test images were read rightly, before the export. The 95 % interval (Wilson) is ${low}\u00a0% to ${high}\u00a0%.`,
    }),
  );
}

/**
 * @param {any} model
 * @returns {[string, string, string?][]}
 */
function figures(model) {
  return [
    ['Parameters', NUMBER.format(model.parameters), 'numbers that were trained'],
    ['Multiply-adds', SHORT.format(model.multiply_adds), 'for each image'],
    ['Held-out images', share(model.validation_accuracy), 'read rightly; choices were made by these'],
    ['Temperature', model.temperature.toFixed(3), 'what makes the probabilities honest'],
    ['Threshold', `${hundredths(model.threshold)}\u00a0%`, 'what is less probable is rejected'],
    ['Precision', model.precision, model.rejects ? 'has an output for “not a digit”' : 'ten outputs'],
    ['Data', model.data, model.data_licence],
    ['Trained at', model.git_revision?.slice(0, 8) ?? 'unknown', 'the commit'],
  ];
}

/**
 * @param {any} model
 * @returns {HTMLElement[]}
 */
function furtherParts(model) {
  return [
    folded('The recipe', table(flat(model.recipe))),
    folded('Versions', table(Object.entries(model.versions))),
    folded('The data’s checksums (SHA-256)', table(Object.entries(model.data_sha256))),
  ];
}

/** @param {[string, string, string?][]} entries */
function list(entries) {
  const parts = entries.map(([name, value, note]) =>
    make(
      'div',
      {},
      make('dt', { textContent: name }),
      make('dd', {}, make('b', { textContent: value }), make('small', { textContent: note ?? '' })),
    ),
  );
  return make('dl', { className: 'figures' }, ...parts);
}

/**
 * @param {string} title
 * @param {HTMLElement} content
 */
function folded(title, content) {
  return make('details', {}, make('summary', { textContent: title }), content);
}

/** @param {[string, unknown][]} entries */
function table(entries) {
  const rows = entries.map(([name, value]) =>
    make('tr', {}, make('th', { scope: 'row', textContent: name }), make('td', { textContent: String(value) })),
  );
  return make('table', {}, make('tbody', {}, ...rows));
}

/**
 * The settings of a recipe by their names with dots, as `--set` takes them.
 * @param {Record<string, unknown>} recipe
 * @returns {[string, unknown][]}
 */
function flat(recipe, before = '') {
  return Object.entries(recipe).flatMap(([name, value]) => {
    const isTable = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isTable) return flat(/** @type {Record<string, unknown>} */ (value), `${before}${name}.`);
    return [[`${before}${name}`, typeof value === 'string' ? value : JSON.stringify(value)]];
  });
}

/** @param {number | null} value */
function share(value) {
  return value === null ? 'none' : `${hundredths(value)}\u00a0%`;
}

/** @param {number} value */
function hundredths(value) {
  return (100 * value).toFixed(2);
}

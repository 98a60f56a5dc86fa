// The metadata of a model: its figures, its recipe and where it comes from.

import { make } from './elements.js';
import { wilsonInterval } from './interval.js';

const NUMBER = new Intl.NumberFormat('en');
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/**
 * The accuracy and the figures.
 * @param {any} model the metadata
 */
export function mainFigures(model) {
  return [accuracy(model), list(figures(model))];
}

/** @param {any} model */
function accuracy({ test }) {
  const [low, high] = wilsonInterval(test.accuracy, test.examples).map(hundredths);
  return make(
    'div',
    { className: 'accuracy' },
    make('p', { className: 'number', textContent: `${hundredths(test.accuracy)}\u00a0%` }),
    make('p', {
      textContent: `accuracy on ${NUMBER.format(test.examples)} test images, measured before the export. 95\u00a0% confidence interval (Wilson): ${low}\u00a0% to ${high}\u00a0%.`,
    }),
  );
}

/**
 * @param {any} model
 * @returns {[string, string, string?][]}
 */
function figures(model) {
  return [
    ['Parameters', NUMBER.format(model.parameters), 'trained weights'],
    ['Multiply-adds', SHORT.format(model.multiply_adds), 'for each image'],
    ['Validation accuracy', fraction(model.validation_accuracy), 'on images held out of the training data'],
    ['Temperature', model.temperature.toFixed(3), 'calibrates the probabilities'],
    ['Threshold', `${hundredths(model.threshold)}\u00a0%`, 'shapes with less confidence are rejected'],
    ['Number format', model.precision, model.rejects ? '11 outputs: 10 digits and non-digit' : '10 outputs'],
    ['Data', model.data, model.data_licence],
    ['Git commit', model.git_revision?.slice(0, 8) ?? 'unknown', 'of the code that trained it'],
  ];
}

/**
 * Recipe, versions and checksums, folded.
 * @param {any} model
 * @returns {HTMLElement[]}
 */
export function furtherParts(model) {
  return [
    folded('Recipe', table(flat(model.recipe))),
    folded('Versions', table(Object.entries(model.versions))),
    folded('Checksums of the data (SHA-256)', table(Object.entries(model.data_sha256))),
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
 * The settings of a recipe by their dotted names, as `--set` accepts them.
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
function fraction(value) {
  return value === null ? 'none' : `${hundredths(value)}\u00a0%`;
}

/** @param {number} value */
function hundredths(value) {
  return (100 * value).toFixed(2);
}

// The full report on the model: its confusion matrix and its calibration curve.

import { make, makeSvg } from './elements.js';

/** @typedef {import('./api.js').Report} Report */

const NUMBER = new Intl.NumberFormat('en');
const SIDE = 260;

/**
 * The confusion matrix as a table.
 * @param {Report} report
 */
export function confusion({ confusion: counts }) {
  const most = Math.max(1, ...counts.flatMap((row, digit) => row.filter((_, predicted) => predicted !== digit)));
  const head = counts.map((_, predicted) => make('th', { scope: 'col', textContent: String(predicted) }));
  const rows = counts.map((row, digit) =>
    make(
      'tr',
      {},
      make('th', { scope: 'row', textContent: String(digit) }),
      ...row.map((count, predicted) => cell(count, digit === predicted, count / most)),
    ),
  );
  return make(
    'section',
    { className: 'report' },
    make('h2', { textContent: 'Confusion matrix' }),
    make('p', {
      textContent: 'The number of test images of each digit (row) that were predicted as each digit (column). Errors are shaded.',
    }),
    make(
      'div',
      { className: 'scrolled', tabIndex: 0, role: 'region', ariaLabel: 'Confusion matrix' },
      make(
        'table',
        { className: 'confusion' },
        make('thead', {}, make('tr', {}, make('td'), ...head)),
        make('tbody', {}, ...rows),
      ),
    ),
  );
}

/**
 * @param {number} count
 * @param {boolean} isCorrect
 * @param {number} relative to the most frequent error, from 0 to 1
 */
function cell(count, isCorrect, relative) {
  const made = make('td', { textContent: count ? String(count) : '·' });
  if (isCorrect) made.className = 'correct';
  else if (count) {
    made.className = 'error';
    made.style.setProperty('--strength', `${Math.round(12 + 28 * relative)}%`);
  }
  return made;
}

/**
 * The calibration curve: accuracy by confidence.
 * @param {Report} report
 */
export function calibration({ bins, calibration_error: error }) {
  const description = bins
    .map((bin) => `confidence ${percent(bin.confidence)}: accuracy ${percent(bin.accuracy)} of ${NUMBER.format(bin.images)}`)
    .join('; ');
  const drawing = makeSvg('svg', { viewBox: `-34 -8 ${SIDE + 52} ${SIDE + 42}`, role: 'img', class: 'calibration' });
  drawing.setAttribute('aria-label', `Calibration curve. ${description}.`);
  drawing.append(
    makeSvg('rect', { width: SIDE, height: SIDE, class: 'ground' }),
    makeSvg('path', { d: `M0 ${SIDE}L${SIDE} 0`, class: 'ideal' }),
    makeSvg('path', { d: `M${bins.map(place).join('L')}`, class: 'curve' }),
    ...bins.map((bin) => {
      const [x, y] = place(bin);
      return makeSvg('circle', { cx: x, cy: y, r: 2.5 + Math.log10(bin.images) });
    }),
    ...[0, 0.5, 1].flatMap(labels),
  );
  return make(
    'section',
    { className: 'report' },
    make('h2', { textContent: 'Calibration' }),
    make('p', {
      textContent: `Accuracy (vertical) of test images by confidence (horizontal), in percent. On the dashed line the two are equal. Larger points stand for more images. Expected calibration error: ${(100 * error).toFixed(2)}\u00a0%.`,
    }),
    drawing,
  );
}

/** @param {import('./api.js').CalibrationBin} bin */
function place({ confidence, accuracy }) {
  return [SIDE * confidence, SIDE * (1 - accuracy)];
}

/** @param {number} at */
function labels(at) {
  const below = makeSvg('text', { x: SIDE * at, y: SIDE + 20, 'text-anchor': 'middle' });
  const beside = makeSvg('text', { x: -8, y: SIDE * (1 - at) + 4, 'text-anchor': 'end' });
  for (const label of [below, beside]) label.textContent = String(100 * at);
  return [below, beside];
}

/** @param {number} fraction */
function percent(fraction) {
  return `${(100 * fraction).toFixed(0)}\u00a0%`;
}

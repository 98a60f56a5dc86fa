// What the full report says of the model, drawn: which digits it takes for which, and how far its
// confidence can be believed.

import { make, makeSvg } from './elements.js';

/** @typedef {import('./api.js').Report} Report */

const NUMBER = new Intl.NumberFormat('en');
const SIDE = 260;

/**
 * A table of how many test images of each digit were taken for each.
 * @param {Report} report
 */
export function confusion({ confusion: counts }) {
  const most = Math.max(1, ...counts.flatMap((row, digit) => row.filter((_, guess) => guess !== digit)));
  const head = counts.map((_, guess) => make('th', { scope: 'col', textContent: String(guess) }));
  const rows = counts.map((row, digit) =>
    make(
      'tr',
      {},
      make('th', { scope: 'row', textContent: String(digit) }),
      ...row.map((count, guess) => cell(count, digit === guess, count / most)),
    ),
  );
  return make(
    'section',
    { className: 'report' },
    make('h2', { textContent: 'What it takes for what' }),
    make('p', {
      textContent: 'Each row holds the test images of one digit, each column what they were taken for; mistakes are shaded.',
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
 * @param {boolean} isRight
 * @param {number} share of the most frequent mistake
 */
function cell(count, isRight, share) {
  const made = make('td', { textContent: count ? String(count) : '·' });
  if (isRight) made.className = 'right';
  else if (count) {
    made.className = 'mistake';
    made.style.setProperty('--share', `${Math.round(12 + 28 * share)}%`);
  }
  return made;
}

/**
 * The calibration curve: how often answers were right, by how sure they were.
 * @param {Report} report
 */
export function calibration({ bins, calibration_error: error }) {
  const told = bins
    .map((bin) => `${percent(bin.confidence)} sure: ${percent(bin.accuracy)} of ${NUMBER.format(bin.answers)} right`)
    .join('; ');
  const drawing = makeSvg('svg', { viewBox: `-34 -8 ${SIDE + 52} ${SIDE + 42}`, role: 'img', class: 'calibration' });
  drawing.setAttribute('aria-label', `Calibration curve. ${told}.`);
  drawing.append(
    makeSvg('rect', { width: SIDE, height: SIDE, class: 'ground' }),
    makeSvg('path', { d: `M0 ${SIDE}L${SIDE} 0`, class: 'ideal' }),
    makeSvg('path', { d: `M${bins.map(place).join('L')}`, class: 'curve' }),
    ...bins.map((bin) => {
      const [x, y] = place(bin);
      return makeSvg('circle', { cx: x, cy: y, r: 2.5 + Math.log10(bin.answers) });
    }),
    ...[0, 0.5, 1].flatMap(labels),
  );
  return make(
    'section',
    { className: 'report' },
    make('h2', { textContent: 'How far it can be believed' }),
    make('p', {
      textContent: `Of answers that are so sure (to the right), so many were right (upwards); on the line, confidence is what it says. Larger points stand for more answers. On average it is off by ${(100 * error).toFixed(2)}\u00a0% (expected calibration error).`,
    }),
    drawing,
  );
}

/** @param {import('./api.js').Bin} bin */
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

/** @param {number} share */
function percent(share) {
  return `${(100 * share).toFixed(0)}\u00a0%`;
}

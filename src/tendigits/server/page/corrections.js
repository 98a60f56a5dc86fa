// The list of corrections, the newest first.

import { deleteCorrection, listCorrections } from './api.js';
import { byId, make } from './elements.js';
import { oneAtATime, showProblems } from './notice.js';
import { nameOf } from './wording.js';

/** @typedef {import('./api.js').Correction} Correction */

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

let total = 0;
/** @type {number | null} */
let next = null;

export function startCorrections() {
  const showOlder = oneAtATime(() => showFrom(next));
  byId('more').addEventListener('click', () => showProblems(byId('corrections-notice'), showOlder));
}

/** Load the list again and show it. */
export function showCorrections() {
  return showProblems(byId('corrections-notice'), () => showFrom(null));
}

/** @param {number | null} before */
async function showFrom(before) {
  const page = await listCorrections(before);
  [total, next] = [page.total, page.next];
  const entries = page.corrections.map(entryOf);
  if (before === null) byId('corrections-list').replaceChildren(...entries);
  else byId('corrections-list').append(...entries);
  showTotal();
}

function showTotal() {
  byId('more').hidden = next === null;
  byId('corrections-lead').textContent =
    total === 0
      ? 'There are no corrections yet. If a digit is read incorrectly, press “Correct this” below the result. A model can be fine-tuned on the corrections.'
      : `${total === 1 ? 'One correction is' : `${total} corrections are`} stored. A model can be fine-tuned on them.`;
}

/** @param {Correction} correction */
function entryOf(correction) {
  const { id, frame, read, correct, created } = correction;
  const undo = make('button', { type: 'button', textContent: 'Undo', ariaLabel: `Undo correction ${id}` });
  const when = make('time', { dateTime: created, textContent: DATE.format(new Date(created)) });
  const entry = make(
    'li',
    {},
    make('img', { src: frame, alt: '', width: 28, height: 28, className: 'frame' }),
    make('p', {}, `Read as ${nameOf(read)}, should be `, make('b', { textContent: nameOf(correct) }), when),
    undo,
  );
  const takeThisBack = oneAtATime(() => takeBack(id, entry));
  undo.addEventListener('click', () => showProblems(byId('corrections-notice'), takeThisBack));
  return entry;
}

/**
 * @param {number} id
 * @param {HTMLElement} entry
 */
async function takeBack(id, entry) {
  await deleteCorrection(id);
  const neighbour = entry.nextElementSibling ?? entry.previousElementSibling;
  (neighbour?.querySelector('button') ?? byId('corrections-title')).focus();
  entry.remove();
  total -= 1;
  showTotal();
}

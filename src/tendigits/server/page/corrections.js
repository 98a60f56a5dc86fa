// The list of the corrections, the newest first.

import { deleteCorrection, listCorrections } from './api.js';
import { byId, make } from './elements.js';
import { trying } from './notice.js';
import { inWords } from './wording.js';

/** @typedef {import('./api.js').Correction} Correction */

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

let total = 0;
/** @type {number | null} */
let next = null;

export function startCorrections() {
  byId('more').addEventListener('click', () => trying(byId('corrections-notice'), () => showFrom(next)));
}

/** Show the list anew. */
export function showCorrections() {
  return trying(byId('corrections-notice'), () => showFrom(null));
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
      ? 'There are none yet. When an answer is wrong, say so below it: the right one is kept here, for the model to learn from.'
      : `${total === 1 ? 'One is' : `${total} are`} kept, for the model to learn from.`;
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
    make('p', {}, `Read ${inWords(read)}, should be `, make('b', { textContent: inWords(correct) }), when),
    undo,
  );
  undo.addEventListener('click', () => trying(byId('corrections-notice'), () => takeBack(id, entry)));
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

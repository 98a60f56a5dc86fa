// What went wrong, said in place, with a way to try again.

import { make } from './elements.js';

const LONGEST_WAIT = 30; // seconds; a server may ask for any number

/**
 * Do something that calls the server; where it fails, say so in `place` and offer to try again.
 * @template Result
 * @param {HTMLElement} place
 * @param {() => Promise<Result>} attempt
 * @returns {Promise<Result | undefined>} undefined where it failed, or is not wanted any more
 */
export async function trying(place, attempt) {
  place.replaceChildren();
  try {
    return await attempt();
  } catch (error) {
    const problem = /** @type {Error & { wait?: number }} */ (error);
    if (problem.name === 'AbortError') return undefined;
    const again = againButton(problem.wait ?? 0);
    again.addEventListener('click', () => trying(place, attempt));
    place.replaceChildren(make('p', { textContent: problem.message }), again);
    return undefined;
  }
}

/** @param {number} wait the seconds after which it can be pressed */
function againButton(wait) {
  const button = make('button', { type: 'button', textContent: 'Try again', disabled: wait > 0 });
  setTimeout(() => (button.disabled = false), 1000 * Math.min(wait, LONGEST_WAIT));
  return button;
}

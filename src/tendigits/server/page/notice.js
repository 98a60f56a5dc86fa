// What went wrong, said in place, with a way to try again.

import { make } from './elements.js';

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
    const problem = /** @type {Error} */ (error);
    if (problem.name === 'AbortError') return undefined;
    const again = make('button', { type: 'button', textContent: 'Try again' });
    again.addEventListener('click', () => trying(place, attempt));
    place.replaceChildren(make('p', { textContent: problem.message }), again);
    return undefined;
  }
}

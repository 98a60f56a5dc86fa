// Notices: what went wrong, shown in place, with a button to try again; and calls that do not overlap.

import { make } from './elements.js';

const LONGEST_WAIT = 30; // seconds, whatever the server's Retry-After

/**
 * Run `attempt`; if it fails, show the error in `place` with a button that tries again.
 * @template Result
 * @param {HTMLElement} place
 * @param {() => Promise<Result>} attempt
 * @returns {Promise<Result | undefined>} undefined if it failed or was aborted
 */
export async function showProblems(place, attempt) {
  place.replaceChildren();
  try {
    return await attempt();
  } catch (error) {
    const problem = /** @type {Error & { retryAfter?: number }} */ (error);
    if (problem.name === 'AbortError') return undefined;
    const again = againButton(problem.retryAfter ?? 0);
    again.addEventListener('click', () => showProblems(place, attempt));
    place.replaceChildren(make('p', { textContent: problem.message }), again);
    return undefined;
  }
}

/**
 * Return a function that does nothing while its earlier call is running, such as at a double click.
 * A button that calls it stays focused; one that is disabled meanwhile would not.
 * @param {() => Promise<void>} action
 * @returns {() => Promise<void>}
 */
export function oneAtATime(action) {
  let isRunning = false;
  return async () => {
    if (isRunning) return;
    isRunning = true;
    try {
      await action();
    } finally {
      isRunning = false;
    }
  };
}

/** @param {number} seconds the button is disabled for this long */
function againButton(seconds) {
  const button = make('button', { type: 'button', textContent: 'Try again', disabled: seconds > 0 });
  setTimeout(() => (button.disabled = false), 1000 * Math.min(seconds, LONGEST_WAIT));
  return button;
}

// The API key that some servers require; it is stored until the tab is closed.

import { byId } from './elements.js';

const NAME = 'tendigits-key';
const KEY = /^[\x21-\x7e]+$/; // ASCII without spaces, as the server requires; others cannot be sent

/** @type {Promise<boolean> | null} */
let asking = null;

/**
 * Return the header that sends the key, if there is one.
 * @returns {Record<string, string>}
 */
export function authorization() {
  const key = sessionStorage.getItem(NAME);
  return key ? { Authorization: `Bearer ${key}` } : {};
}

export function startKeys() {
  byId('no-key').addEventListener('click', () => byId('key-dialog').close());
  byId('key').form.addEventListener('submit', (/** @type {Event} */ event) => {
    if (KEY.test(byId('key').value.trim())) return;
    event.preventDefault(); // the dialog stays open
    byId('key-rejected').textContent = 'A key must consist of ASCII characters without spaces; enter it again.';
  });
}

/**
 * Show the dialog that asks for a key; calls that are rejected at the same time share one dialog.
 * @returns {Promise<boolean>} whether a key was entered
 */
export function askForKey() {
  asking ??= ask().finally(() => (asking = null));
  return asking;
}

/** @returns {Promise<boolean>} */
function ask() {
  const dialog = byId('key-dialog');
  const field = byId('key');
  byId('key-rejected').textContent = sessionStorage.getItem(NAME) ? 'The key was rejected.' : '';
  field.value = '';
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(keep(dialog.returnValue, field.value)), { once: true });
  });
}

/**
 * @param {string} choice
 * @param {string} key
 */
function keep(choice, key) {
  if (choice !== 'use') return false;
  sessionStorage.setItem(NAME, key.trim());
  return true;
}

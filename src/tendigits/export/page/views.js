// The views of the page; the fragment of the address (after #) names the one that is shown.

const NAMES = ['read', 'inside', 'about'];

/** The name of the view that is shown. */
export function currentView() {
  const name = location.hash.slice(1);
  return NAMES.includes(name) ? name : 'read';
}

/**
 * Show the view that the address names, now and whenever the address changes.
 * @param {() => void} onChange called after another view is shown
 */
export function startViews(onChange) {
  addEventListener('hashchange', () => {
    show();
    scrollTo(0, 0);
    onChange();
  });
  show();
}

function show() {
  const name = currentView();
  document.body.dataset.view = name;
  for (const part of document.querySelectorAll('[data-views]')) {
    const views = /** @type {string} */ (part.getAttribute('data-views'));
    /** @type {HTMLElement} */ (part).hidden = !views.split(' ').includes(name);
  }
  for (const link of document.querySelectorAll('nav a')) {
    if (link.getAttribute('href') === `#${name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

// The views of the page; the fragment of the address (after #) names the one that is shown.

/**
 * Show the view that the address names, now and whenever the address changes.
 * @param {Record<string, () => unknown>} onShow by the name of a view, what to call when it is shown
 */
export function startViews(onShow) {
  const show = (/** @type {boolean} */ isFirst) => {
    const wanted = location.hash.slice(1);
    const name = wanted in onShow ? wanted : 'read';
    for (const view of document.querySelectorAll('[data-view]')) {
      /** @type {HTMLElement} */ (view).hidden = view.getAttribute('data-view') !== name;
    }
    for (const link of document.querySelectorAll('nav a')) {
      if (link.getAttribute('href') === `#${name}`) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    if (!isFirst) scrollTo(0, 0);
    onShow[name]();
  };
  addEventListener('hashchange', () => show(false));
  show(true);
}

// What Swagger UI leaves out for those who do not see it or have no mouse: names of fields and buttons, and a way into what
// scrolls. It makes its elements anew all the time, so they are looked after as they come.

(() => {
  const BARE = ':not([aria-label])';

  function mend(within) {
    for (const field of within.querySelectorAll(`tr[data-param-name] :is(select, input, textarea)${BARE}`)) {
      field.setAttribute('aria-label', field.closest('tr').dataset.paramName);
    }
    name(within, `textarea.body-param__text${BARE}`, 'Request body');
    name(within, `.close-modal${BARE}`, 'Close');
    name(within, `.copy-to-clipboard button${BARE}`, 'Copy');
    // Their names say something else than what is written on them.
    without(within, '.auth-btn-wrapper button[aria-label]', 'aria-label');
    // A link within a button, to where the button leads.
    without(within, '.opblock-summary-control a[href]', 'href');
    for (const scrolled of within.querySelectorAll('pre:not([tabindex])')) scrolled.tabIndex = 0;
  }

  function name(within, bare, label) {
    for (const element of within.querySelectorAll(bare)) element.setAttribute('aria-label', label);
  }

  function without(within, superfluous, attribute) {
    for (const element of within.querySelectorAll(superfluous)) element.removeAttribute(attribute);
  }

  const changed = (records) => new Set(records.map(({ target }) => target)).forEach(mend);
  new MutationObserver(changed).observe(document.getElementById('ui'), { childList: true, subtree: true });
})();

// In a build that allows it: a package of the page's own origin, read by ranges.

import { el, fill } from './dom.js';
import { plain } from './hostile-text.js';

/** A form for an address; `open` is given the package as a lazily read source. */
export function sameOriginForm(open) {
  const address = el('input', { type: 'text', id: 'address', class: 'field', inputmode: 'url', autocomplete: 'off', spellcheck: 'false' });
  const problem = el('p', { class: 'refused', role: 'alert', hidden: true });
  const form = el('form', { class: 'url-form', onsubmit: async (event) => {
    event.preventDefault();
    problem.hidden = true;
    try {
      const url = new URL(address.value, location.href);
      if (url.origin !== location.origin) throw new Error('Only addresses of this site can be read.');
      const head = await fetch(url, { method: 'HEAD' });
      if (!head.ok) throw new Error(`The server answered ${head.status}.`);
      open([{ name: url.pathname.split('/').pop() || 'package', size: Number(head.headers.get('content-length')) || 0, url: url.href }]);
    } catch (error) {
      fill(problem, plain(error.message));
      problem.hidden = false;
    }
  } }, el('label', { for: 'address' }, 'Or an address on this site'), el('div', { class: 'row' }, address, el('button', { type: 'submit', class: 'button' }, 'Open')), problem);
  /** Opens an address as if it had been typed. */
  form.openAddress = (text) => {
    address.value = text;
    form.requestSubmit();
  };
  return form;
}

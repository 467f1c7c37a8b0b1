// Trusting a key: its whole fingerprint, the publisher's beside it, and a name for it.

import { button, copyButton, el, fill, icon } from './dom.js';
import { plain } from './hostile-text.js';
import { fingerprint as groups } from './report-view.js';
import { digits, rename, trust } from './trusted-keys.js';

/** Asks whose key it is; `name` and `expires` are what a key file says. Resolves to whether it was trusted. */
export function askForTrust(fingerprint, { name = '', expires, file } = {}) {
  return new Promise((resolve) => {
    const same = el('p', { class: 'same', role: 'status' });
    const problem = el('p', { class: 'refused', role: 'alert', hidden: true });
    const pasted = el('textarea', { class: 'field mono', id: 'publishers', rows: 2, spellcheck: 'false', autocomplete: 'off', maxlength: 200, oninput: () => compare() });
    const called = el('input', { class: 'field', id: 'called', autocomplete: 'off', maxlength: 80, required: true, oninput: () => label() });
    called.value = plain(name);
    const accept = el('button', { type: 'submit', class: 'button primary' });
    const label = () => {
      accept.disabled = called.value.trim() === '' || same.classList.contains('is-other');
      fill(accept, called.value.trim() ? `Trust as “${plain(called.value.trim())}”` : 'Trust');
    };
    function compare() {
      same.classList.remove('is-other');
      if (pasted.value.trim() === '') fill(same);
      else {
        let other;
        try {
          other = digits(pasted.value.trim());
        } catch {
          other = null;
        }
        const equal = other === fingerprint;
        same.classList.toggle('is-other', !equal);
        fill(same, icon(equal ? 'done' : 'failed'), equal ? 'The same, all 64 digits.' : other ? 'Another key. Do not trust this one.' : 'Not 64 hexadecimal digits yet.');
      }
      label();
    }
    const dialog = el('dialog', { 'aria-labelledby': 'trust-title', onclose: () => { dialog.remove(); resolve(dialog.returnValue === 'trusted'); } },
      el('form', { method: 'dialog', onsubmit: (event) => {
        event.preventDefault();
        try {
          trust(fingerprint, called.value.trim(), expires);
          dialog.close('trusted');
        } catch (error) {
          fill(problem, plain(error.message)).hidden = false;
        }
      } }, el('h2', { id: 'trust-title' }, 'Whose key is this?'), file && el('p', { class: 'dim' }, 'From the file ', plain(file), '.'),
      el('p', { class: 'dim' }, 'Compare it with the fingerprint that the publisher gives elsewhere: on their site, in a letter, through a colleague.'),
      groups(fingerprint, true), el('div', { class: 'key-acts' }, copyButton(fingerprint, 'the fingerprint', 'Copy')),
      el('label', { for: 'publishers' }, 'The publisher’s fingerprint ', el('span', { class: 'dim' }, '(paste to compare)')), pasted, same,
      el('label', { for: 'called' }, 'Call it'), called, el('p', { class: 'same' }, `The name and today’s date are kept in this browser only.${expires ? ` Trust ends on ${expires}, as the file says.` : ''}`), problem,
      el('div', { class: 'acts' }, accept, button('Cancel', () => dialog.close()))));
    label();
    document.body.append(dialog);
    dialog.showModal();
    called.focus();
  });
}

/** Asks for another name of a key. */
export function askForName(fingerprint, name) {
  const called = el('input', { class: 'field', id: 'renamed', autocomplete: 'off', maxlength: 80, required: true });
  called.value = name;
  const dialog = el('dialog', { 'aria-labelledby': 'rename-title', onclose: () => dialog.remove() }, el('form', { method: 'dialog', onsubmit: () => rename(fingerprint, called.value.trim()) },
    el('h2', { id: 'rename-title' }, 'Rename this key'), el('label', { for: 'renamed' }, 'Call it'), called,
    el('div', { class: 'acts' }, el('button', { type: 'submit', class: 'button primary' }, 'Rename'), button('Cancel', () => dialog.close()))));
  document.body.append(dialog);
  dialog.showModal();
}

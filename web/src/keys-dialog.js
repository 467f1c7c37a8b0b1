// The dialog with the keys that the reader trusts.

import { button, el, fill } from './dom.js';
import { call } from './engine.js';
import { plain, shown } from './hostile-text.js';
import { grouped } from './quantities.js';
import { distrust, onTrustChange, trust, trustedKeys } from './trusted-keys.js';

export function keysDialog() {
  const list = el('ul', { class: 'key-list' });
  const problem = el('p', { class: 'refused', role: 'alert', hidden: true });
  const text = el('input', { type: 'text', id: 'key-text', autocomplete: 'off', spellcheck: 'false', maxlength: 200 });
  const name = el('input', { type: 'text', id: 'key-name', autocomplete: 'off', maxlength: 80 });
  const file = el('input', { type: 'file', id: 'key-file' });
  const attempt = async (work) => {
    problem.hidden = true;
    try {
      await work();
    } catch (error) {
      fill(problem, plain(error.message));
      problem.hidden = false;
    }
  };
  const draw = () => fill(list, trustedKeys().length === 0 && el('li', { class: 'dim' }, 'None yet. Without a trusted key no package is more than “intact, unknown signer”.'),
    trustedKeys().map((key) => el('li', {}, el('div', {}, el('strong', {}, shown(key.name || 'without a name', 80)), el('code', { class: 'digest' }, grouped(key.fingerprint))),
      button('Remove', () => distrust(key.fingerprint), { class: 'small', 'aria-label': `Remove key ${plain(key.name || key.fingerprint.slice(0, 8))}` }))));
  file.addEventListener('change', () => attempt(async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    if (chosen.size > 16 * 1024) throw new Error('That is too large for a public key.');
    const { fingerprint } = await call('keyFromFile', { bytes: new Uint8Array(await chosen.arrayBuffer()) });
    trust(fingerprint, chosen.name);
    file.value = '';
  }));
  const dialog = el('dialog', { class: 'dialog', 'aria-labelledby': 'keys-title' },
    el('div', { class: 'card-head' }, el('h2', { id: 'keys-title' }, 'Keys that you trust'), button('Done', () => dialog.close())),
    el('p', { class: 'dim' }, 'Remembered in this browser only. Get a fingerprint from the publisher by a way that you trust, not from the package.'),
    list,
    el('form', { class: 'key-form', onsubmit: (event) => {
      event.preventDefault();
      attempt(() => {
        trust(text.value, name.value);
        text.value = name.value = '';
      });
    } }, el('label', { for: 'key-text' }, 'Fingerprint (64 hexadecimal digits)'), text, el('label', { for: 'key-name' }, 'Whose it is'), name,
    el('button', { type: 'submit', class: 'primary' }, 'Trust this fingerprint'),
    el('label', { for: 'key-file' }, 'Or a public key file (PEM); dropping it on the page works too'), file),
    problem);
  onTrustChange(draw);
  draw();
  return { element: dialog, show: () => dialog.showModal() };
}

// The dialog with the keys that the reader trusts, and those that are revoked.

import { button, el, fill } from './dom.js';
import { call } from './engine.js';
import { plain, shown } from './hostile-text.js';
import { day, grouped } from './quantities.js';
import { save } from './save.js';
import { askForName, askForTrust } from './trust-dialog.js';
import { digits, distrust, hasExpired, isTrusted, onTrustChange, restore, revoke, revokedKeys, trustedKeys } from './trusted-keys.js';

/** Bytes of a list of revoked keys, as `flavor` takes them. */
const LIST_MAX = 1 << 20;

/** Why a key is not trusted though it was added. */
const standing = (key) => (isTrusted(key.fingerprint) ? key.expires && `until ${key.expires}` : hasExpired(key) ? `expired on ${key.expires}` : 'revoked');

/** Both lists as a text: keys that are trusted, and a list of revoked ones as `flavor` takes it. */
const exported = () => ['# Trusted keys: fingerprint, name, day', ...trustedKeys().map(({ fingerprint, name, since = '' }) => `# ${fingerprint} ${plain(name)} ${since}`), '# Revoked keys', ...revokedKeys(), ''].join('\n');

export function keysDialog() {
  const list = el('ul', { class: 'key-list' });
  const problem = el('p', { class: 'refused', role: 'alert', hidden: true });
  const text = el('input', { type: 'text', id: 'key-text', class: 'field mono', autocomplete: 'off', spellcheck: 'false', maxlength: 200 });
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
  const revokedList = el('ul', { class: 'key-list' });
  const lists = el('input', { type: 'file', id: 'revoked-file' });
  const drawRevoked = () => fill(revokedList, revokedKeys().length === 0 && el('li', { class: 'dim' }, 'None.'),
    revokedKeys().map((fingerprint) => el('li', {}, el('div', {}, el('code', { class: 'digest' }, grouped(fingerprint))),
      button('No longer revoked', () => restore(fingerprint), { class: 'quiet', 'aria-label': `No longer revoke key ${fingerprint.slice(0, 8)}` }))));
  const draw = () => fill(list, trustedKeys().length === 0 && el('li', { class: 'dim' }, 'None yet. Without a trusted key no package is more than signed by somebody unknown.'),
    trustedKeys().map((key) => el('li', {}, el('div', {}, el('strong', {}, shown(key.name || 'without a name', 80)), el('span', { class: 'dim' }, key.since && ` since ${day(key.since)}`, standing(key) && ` ${standing(key)}`), el('code', { class: 'digest' }, grouped(key.fingerprint))),
      button('Rename', () => askForName(key.fingerprint, key.name), { class: 'quiet', 'aria-label': `Rename key ${plain(key.name || key.fingerprint.slice(0, 8))}` }),
      !revokedKeys().includes(key.fingerprint) && button('Revoke', () => revoke(key.fingerprint), { class: 'quiet', 'aria-label': `Revoke key ${plain(key.name || key.fingerprint.slice(0, 8))}` }),
      button('Remove', () => distrust(key.fingerprint), { class: 'quiet', 'aria-label': `Remove key ${plain(key.name || key.fingerprint.slice(0, 8))}` }))));
  file.addEventListener('change', () => attempt(async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    // The same name may be chosen again, with other content.
    file.value = '';
    if (chosen.size > 16 * 1024) throw new Error('That is too large for a public key.');
    const { fingerprint, name: own, expires } = await call('keyFromFile', { bytes: new Uint8Array(await chosen.arrayBuffer()) });
    await askForTrust(fingerprint, { name: own, expires, file: chosen.name });
  }));
  lists.addEventListener('change', () => attempt(async () => {
    const [chosen] = lists.files;
    if (!chosen) return;
    lists.value = '';
    if (chosen.size > LIST_MAX) throw new Error('That is too large for a list of revoked keys.');
    revoke(...await call('revokedFromList', { bytes: new Uint8Array(await chosen.arrayBuffer()) }));
  }));
  const dialog = el('dialog', { class: 'dialog', 'aria-labelledby': 'keys-title' },
    el('div', { class: 'card-head' }, el('h2', { id: 'keys-title' }, 'Keys that you trust'), button('Done', () => dialog.close())),
    el('p', { class: 'dim' }, 'Remembered in this browser only. Get a fingerprint from the publisher by a way that you trust, not from the package.'),
    list,
    el('form', { class: 'key-form', onsubmit: (event) => {
      event.preventDefault();
      attempt(async () => {
        const fingerprint = digits(text.value);
        if (revokedKeys().includes(fingerprint)) throw new Error('This key is revoked. Take it from the revoked keys first if it is to be trusted again.');
        if (await askForTrust(fingerprint)) text.value = '';
      });
    } }, el('label', { for: 'key-text' }, 'Fingerprint (64 hexadecimal digits)'), text,
    el('button', { type: 'submit', class: 'button primary' }, 'Trust this fingerprint…'),
    button('Revoke this fingerprint', () => attempt(() => {
      revoke(text.value);
      text.value = '';
    })),
    el('label', { for: 'key-file' }, 'Or a public key file (PEM); dropping it on the page works too'), file),
    el('h3', {}, 'Revoked keys'),
    el('p', { class: 'dim' }, 'Nothing that they signed is taken, whoever trusts them.'),
    revokedList,
    el('form', { class: 'key-form' }, el('label', { for: 'revoked-file' }, 'Add a list, such as the file revoked-keys of flavor'), lists),
    el('div', { class: 'acts' }, button('Export both lists', () => save(new Blob([exported()]), 'pspf-keys.txt'))), problem);
  const drawAll = () => {
    draw();
    drawRevoked();
  };
  onTrustChange(drawAll);
  drawAll();
  return { element: dialog, show: () => dialog.showModal() };
}

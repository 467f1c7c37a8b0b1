// A file that is no package: what it is, as far as its first and last bytes say, and nothing else.

import { button, el, fill, icon } from './dom.js';
import { shown } from './hostile-text.js';
import { count, size } from './quantities.js';

/** Bytes that are looked at, at each end. */
const ENDS = 64;

/** What files begin with. Nothing is decided by it. */
const KINDS = [
  [/^\x89PNG\r\n\x1a\n/, 'a PNG picture'], [/^\xff\xd8\xff/, 'a JPEG picture'], [/^GIF8/, 'a GIF picture'], [/^%PDF-/, 'a PDF document'], [/^PK\x03\x04/, 'a ZIP archive, such as a wheel'],
  [/^\x1f\x8b/, 'a gzip file'], [/^\x28\xb5\x2f\xfd/, 'a Zstandard file'], [/^\xfd7zXZ/, 'an xz file'], [/^-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key: keep it to yourself'], [/^-----BEGIN OPENSSH PRIVATE/, 'a private key: keep it to yourself'],
  [/^\x7fELF/, 'a Linux program (ELF) without a package behind it'], [/^MZ/, 'a Windows program without a package behind it'], [/^[\xcf\xce]\xfa\xed\xfe/, 'a macOS program without a package behind it'], [/^#!/, 'a script'],
  [/^[\x09\x0a\x0d\x20-\x7e]+$/, 'a text'],
];

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
const letters = (bytes) => Array.from(bytes, (byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');

/** What a file is by its first bytes. */
export function kindOf(first, length) {
  if (length === 0) return 'empty';
  const text = String.fromCharCode(...first);
  return KINDS.find(([pattern]) => pattern.test(text))?.[1] ?? 'not a file that this page knows';
}

/** The card; `actions` are `{ choose, landing }`. */
export function calmCard(item, actions) {
  const { file } = item;
  const what = el('span', {}, 'is not a package');
  const rows = el('dl', { class: 'ends' });
  const row = (name, bytes) => el('div', {}, el('dt', {}, name), el('dd', {}, `${hex(bytes)}  “${letters(bytes)}”`));
  const [finding] = item.full.findings;
  if (file instanceof Blob) {
    Promise.all([file.slice(0, ENDS).arrayBuffer(), file.slice(Math.max(0, file.size - 8)).arrayBuffer()]).then(([head, tail]) => {
      const first = new Uint8Array(head);
      fill(what, file.size === 0 ? 'is empty' : `is ${kindOf(first, file.size)}`);
      if (file.size > 0) fill(rows, row('It begins with', first.subarray(0, 8)), row('It ends with', new Uint8Array(tail)));
    }).catch(() => {});
  }
  return el('section', { class: 'card calm-card is-calm', dataset: { phase: item.phase }, 'aria-labelledby': 'heading' }, el('div', { class: 'pad' },
    el('p', { class: 'file-line' }, el('span', { class: 'badge is-calm', id: 'verdict-word' }, icon('file'), 'Not a package'), el('span', {}, shown(file.name, 120), ` · ${file.size < 10_000 ? `${count(file.size)} bytes` : size(file.size)}`)),
    el('h1', { id: 'heading', tabindex: -1 }, shown(file.name, 80), ' ', what),
    el('p', { class: 'sentence' }, 'It is not a ', el('code', {}, '.psp'), ' package, or not a whole one.'), rows,
    finding && el('p', { class: 'but' }, 'What the check says: ', shown(finding.message, 300), '.'),
    el('p', { class: 'but' }, 'Did you expect a package? A download that was cut off, or a file with something added behind it, also ends like this. Compare its size with the one that the publisher gives.'),
    el('div', { class: 'acts no-print' }, button('Open another file', actions.choose, { class: 'primary' }), button('Try a sample', actions.landing))));
}

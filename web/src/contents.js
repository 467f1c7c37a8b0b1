// The files of all slots, and what is in the one that is chosen.

import { button, copyButton, el, fill, icon } from './dom.js';
import { call } from './engine.js';
import { fileList } from './file-list.js';
import { asText, hexDump } from './hex.js';
import { shown, visible } from './hostile-text.js';
import { count, modeText, size } from './quantities.js';
import { save } from './save.js';

/** Bytes of a file that are shown at first, and with each "Show more". */
const TEXT_BYTES = 64 * 1024;
const HEX_BYTES = 512;

/** The panel of an item's files; gives `{ element, search(text) }`. */
export function contents(item) {
  const view = el('div', { class: 'file-view' }, el('p', { class: 'dim' }, 'Choose a file to see what is in it.'));
  const pane = el('div', { class: 'files-pane' });
  const list = fileList({ label: 'the package', onchoose: (entry) => {
    pane.classList.add('has-file');
    chosen(item, entry, view, () => pane.classList.remove('has-file'));
  } });
  const several = item.report.slots.length > 1;
  const prefix = (slot) => (several ? `${slot.id.replaceAll('/', '_')}/` : '');
  const flagged = new Set(item.report.findings.filter(({ path, severity }) => path !== undefined && severity === 'error').map(({ part, path }) => `${part}\n${path}`));
  const head = el('div', {});
  const refused = el('div', {});
  const all = [];
  for (const slot of item.report.slots) {
    const entries = item.listings.get(slot.index);
    if (entries) for (const entry of entries) all.push({ ...entry, path: prefix(slot) + entry.path, own: entry.path, slot, flagged: flagged.has(`slot ${slot.index}\n${entry.path}`) });
    else if (!slot.archive) all.push({ path: slot.id, type: 'file', size: slot.original_size_hint, mode: parseInt(slot.permissions, 8) || 0, slot, whole: true, flagged: flagged.has(`slot ${slot.index}\n${slot.target}`) });
  }
  for (const [index, error] of item.refused) refused.append(el('p', { class: 'file-head bad', role: 'alert' }, el('strong', {}, 'The archive was refused. '), shown(item.report.slots[index]?.id ?? '', 60), ': ', visible(error)));
  if (item.report.state === 'broken') head.append(el('p', { class: 'file-head bad' }, 'Listed from a file that is not what was signed: none of these is known to be right.'));
  pane.append(list.element, view);
  list.add(all);
  return { element: el('section', { class: 'card files-card' }, head, refused, pane), search: list.search };
}

/** The entry of one slot as a name, for whoever looks for it. */
function chosen(item, entry, view, onback) {
  const at = entry.path.lastIndexOf('/') + 1;
  const isFile = entry.type === 'file' || entry.type === 'hardlink';
  const place = el('div', {});
  let kind = 'text';
  let blob;
  const shows = {};
  const show = async (next) => {
    kind = next;
    for (const [name, node] of Object.entries(shows)) node.setAttribute('aria-pressed', String(name === kind));
    try {
      fill(place, el('p', { class: 'dim' }, 'Reading…'));
      blob ??= await call('extractFile', { file: item.file, slot: entry.slot.index, path: entry.whole ? undefined : entry.own }, { signal: item.closed.signal });
      await (kind === 'text' ? text(blob, place, () => show('hex')) : hex(blob, place, HEX_BYTES));
    } catch (error) {
      fill(place, el('p', { class: 'refused', role: 'alert' }, visible(error.message)));
    }
  };
  const segment = (name, label) => (shows[name] = el('button', { type: 'button', 'aria-pressed': 'false', onclick: () => show(name) }, label));
  fill(view,
    button([icon('left'), 'All files'], onback, { class: 'quiet back-to-list' }),
    el('h2', {}, el('bdi', { dir: 'ltr' }, shown(entry.path.slice(at), 300))),
    el('p', { class: 'file-facts' }, at > 0 && el('bdi', { dir: 'ltr' }, shown(entry.path.slice(0, at), 200)), isFile ? el('span', { class: 'number' }, `${count(entry.size)} bytes`) : el('span', {}, entry.type),
      el('span', { title: (entry.mode ?? 0).toString(8).padStart(4, '0') }, modeText(entry.mode ?? 0)), entry.target && el('span', {}, 'points at ', shown(entry.target)),
      el('span', {}, 'in ', shown(entry.slot.id, 60), ', ', entry.slot.stored_as), el('span', {}, entry.slot.kept), entry.mtime !== undefined && el('span', {}, time(entry.mtime))),
    isFile && el('div', { class: 'file-tools' }, el('div', { class: 'segments', role: 'group', 'aria-label': 'Show as' }, segment('text', 'Text'), segment('hex', 'Hex')),
      entry.sha256 && copyButton(entry.sha256, 'the SHA-256 of this file'),
      el('button', { type: 'button', class: 'icon-button', 'aria-label': 'Save this file', title: 'Save this file', onclick: async () => {
        blob ??= await call('extractFile', { file: item.file, slot: entry.slot.index, path: entry.whole ? undefined : entry.own }, { signal: item.closed.signal });
        save(blob, entry.path);
      } }, icon('save'))),
    place);
  if (isFile) show('text');
}

async function text(blob, place, onhex) {
  const bytes = new Uint8Array(await blob.slice(0, TEXT_BYTES).arrayBuffer());
  // A cut may fall into the middle of a character: up to three bytes less are a whole text.
  const cuts = blob.size > TEXT_BYTES ? [0, 1, 2, 3] : [0];
  const found = cuts.map((cut) => asText(bytes.subarray(0, bytes.length - cut))).find((whole) => whole !== null);
  if (found === undefined) {
    await onhex();
    place.prepend(el('p', { class: 'but' }, 'Not a text: shown as hex.'));
    return;
  }
  fill(place, el('pre', { class: 'text', tabindex: 0, role: 'region', 'aria-label': 'Text of the file' }, found.split('\n').map((line) => el('span', {}, visible(line, true)))), rest(blob, TEXT_BYTES));
}

async function hex(blob, place, limit) {
  const bytes = new Uint8Array(await blob.slice(0, limit).arrayBuffer());
  fill(place, hexDump(bytes), el('p', { class: 'but' }, `Bytes 0–${count(Math.max(0, bytes.length - 1))} of ${count(blob.size)}. `, blob.size > limit && button('Show more', () => hex(blob, place, limit * 4), { class: 'quiet' })));
}

function rest(blob, limit) {
  return blob.size > limit && el('p', { class: 'but' }, `The first ${size(limit)} of ${size(blob.size)}; save the file for the rest.`);
}

function time(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace('T', ' ').replace('.000Z', ' UTC');
}

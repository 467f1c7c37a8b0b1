// The slots of a package, and the files in them.

import { button, el, fill } from './dom.js';
import { call } from './engine.js';
import { fileList } from './file-list.js';
import { asText, hexDump } from './hex.js';
import { shown, visible } from './hostile-text.js';
import { grouped, modeText, plural, size, span } from './quantities.js';
import { save } from './save.js';

/** Bytes of a file that are shown. */
const VIEW_BYTES = 128 * 1024;
const HEX_BYTES = 16 * 1024;

/** What the lifecycles mean that say more than "unpacked once and kept" (docs/launcher.md). */
const LIFECYCLE = {
  init: 'until the setup is done', volatile: 'until the setup is done', dev: 'only for development', platform: 'only on one platform',
  lazy: 'unpacked when the program asks for it', config: 'unpacked once, then left to the user', startup: 'unpacked anew in each start',
  temporary: 'removed when the program ends', temp: 'removed when the program ends', shutdown: 'removed when the program ends',
  attestation: 'bill of materials and provenance',
};

const STEPS = { tar: 'a tar archive', gzip: 'compressed with gzip', gz: 'compressed with gzip', tgz: 'a tar archive, compressed with gzip', zstd: 'compressed with Zstandard', zst: 'compressed with Zstandard',
  xz: 'compressed with xz', bzip2: 'compressed with bzip2', bz2: 'compressed with bzip2', raw: 'stored as it is', none: 'stored as it is' };

/** `tar.gz` as `a tar archive, compressed with gzip`. */
export function operationWords(operations) {
  const steps = operations.split(/[.|]/).filter(Boolean);
  return steps.length ? steps.map((step) => STEPS[step.toLowerCase()] ?? step).join(', ') : STEPS.raw;
}

/** Whether a slot holds an archive, by its operations. */
export function isArchive(slot) {
  return /^(tar|tgz|tbz|txz|tzst)/i.test(slot.operations);
}

/** The panel of slots; `listings` are the entries that were found per slot. */
export function contents(item) {
  const { report } = item;
  if (report.slots.length === 0) return el('p', { class: 'empty' }, 'No slots could be read.');
  return el('div', { class: 'slots' }, report.slots.slice(0, 500).map((slot) => card(item, slot)),
    report.slots.length > 500 && el('p', { class: 'dim' }, 'The first 500 slots; the exported report has all.'));
}

function card(item, slot) {
  const body = el('div', { class: 'slot-body' });
  const archive = isArchive(slot);
  let opened = false;
  const open = () => {
    if (opened) return;
    opened = true;
    if (archive) listing(item, slot, body);
    else single(item, slot, body);
  };
  const box = el('details', { class: 'slot', ontoggle: () => box.open && open() },
    el('summary', {}, el('span', { class: 'slot-number' }, slot.index), el('strong', {}, shown(slot.id, 60)),
      el('span', { class: 'dim' }, '→ ', shown(slot.target, 60)),
      el('span', { class: 'slot-facts' }, el('span', {}, operationWords(slot.operations)), el('span', { class: 'number' }, size(slot.range.end - slot.range.start)))),
    el('dl', { class: 'facts-list' },
      fact('Purpose', shown(slot.purpose)), fact('Lifecycle', [shown(slot.lifecycle), LIFECYCLE[slot.lifecycle] && el('span', { class: 'dim' }, ` ${LIFECYCLE[slot.lifecycle]}`)]),
      fact('Permissions', [el('code', {}, slot.permissions), ' ', el('span', { class: 'mode' }, modeText(parseInt(slot.permissions, 8) || 0))]),
      fact('Unpacked', [size(slot.original_size_hint), el('span', { class: 'dim' }, ' as the table claims')]),
      fact('Bytes', span(slot.range)),
      slot.sha256 && fact('SHA-256', el('code', { class: 'digest' }, grouped(slot.sha256)))), body);
  if (opensAlone(item, slot)) queueMicrotask(() => { box.open = true; });
  return box;
}

// The first archive is opened by itself: most people come to see the files.
function opensAlone(item, slot) {
  return item.report.slots.find((other) => isArchive(other) && other.purpose !== 'runtime') === slot;
}

function fact(name, ...value) {
  return el('div', {}, el('dt', {}, name), el('dd', {}, value));
}

async function listing(item, slot, body) {
  const view = el('div', { class: 'file-view' }, el('p', { class: 'dim' }, 'Choose a file to see what is in it.'));
  const list = fileList({ label: `Files of slot ${slot.index}`, onchoose: (entry) => chosen(item, slot, entry, view) });
  const message = el('p', { class: 'dim', role: 'status' }, 'Reading the archive…');
  fill(body, message, el('div', { class: 'file-panes' }, list.element, view));
  try {
    const total = await call('listFiles', { file: item.file, slot: slot.index }, { signal: item.closed.signal, onItems: list.add });
    fill(message, `${plural(total, 'entry', 'entries')}, read to the end.`);
    message.hidden = true;
  } catch (error) {
    fill(message, el('strong', { class: 'bad' }, 'The archive was refused. '), visible(error.message));
    message.className = 'refused';
    message.setAttribute('role', 'alert');
  }
}

function single(item, slot, body) {
  const view = el('div', { class: 'file-view alone' });
  fill(body, view);
  chosen(item, slot, { path: slot.id, type: 'file', size: slot.original_size_hint, whole: true }, view);
}

function chosen(item, slot, entry, view) {
  const shownBytes = el('div', { class: 'file-bytes' });
  const isFile = entry.type === 'file' || entry.type === 'hardlink';
  const get = () => call('extractFile', { file: item.file, slot: slot.index, path: entry.whole ? undefined : entry.path }, { signal: item.closed.signal });
  const attempt = (work) => async () => {
    try {
      fill(shownBytes, el('p', { class: 'dim' }, 'Reading…'));
      await work(await get());
    } catch (error) {
      fill(shownBytes, el('p', { class: 'refused', role: 'alert' }, visible(error.message)));
    }
  };
  fill(view,
    el('h2', {}, shown(entry.path, 300)),
    !entry.whole && el('dl', { class: 'facts-list' }, fact('Type', entry.type), isFile && fact('Size', size(entry.size)),
      fact('Mode', [el('code', {}, (entry.mode ?? 0).toString(8).padStart(4, '0')), ' ', el('span', { class: 'mode' }, modeText(entry.mode ?? 0))]),
      entry.target && fact('Points at', shown(entry.target)),
      entry.mtime !== undefined && fact('Modified', time(entry.mtime)),
      entry.sha256 && fact('SHA-256', el('code', { class: 'digest' }, grouped(entry.sha256)))),
    isFile && el('div', { class: 'actions' },
      button('View as text', attempt((blob) => text(blob, shownBytes))),
      button('View as hex', attempt((blob) => hex(blob, shownBytes))),
      button('Download', attempt(async (blob) => {
        save(blob, entry.path);
        fill(shownBytes, el('p', { class: 'dim' }, `${size(blob.size)} handed to the browser.`));
      }))),
    shownBytes);
}

async function text(blob, place) {
  const bytes = new Uint8Array(await blob.slice(0, VIEW_BYTES).arrayBuffer());
  // A cut may fall into the middle of a character: up to three bytes less are a whole text.
  const cuts = blob.size > VIEW_BYTES ? [0, 1, 2, 3] : [0];
  const found = cuts.map((cut) => asText(bytes.subarray(0, bytes.length - cut))).find((whole) => whole !== null);
  if (found === undefined) {
    await hex(blob, place);
    place.prepend(el('p', { class: 'dim' }, 'Not a text: shown as hex.'));
    return;
  }
  fill(place, el('pre', { class: 'text', tabindex: 0, role: 'region', 'aria-label': 'Text of the file' }, visible(found, true)), rest(blob, VIEW_BYTES));
}

async function hex(blob, place) {
  const bytes = new Uint8Array(await blob.slice(0, HEX_BYTES).arrayBuffer());
  fill(place, hexDump(bytes), rest(blob, HEX_BYTES));
}

function rest(blob, limit) {
  return blob.size > limit && el('p', { class: 'dim' }, `The first ${size(limit)} of ${size(blob.size)}; download the file for the rest.`);
}

function time(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace('T', ' ').replace('.000Z', ' UTC');
}

// The page: what is opened, what shows, and what happens on which event.

import { built } from 'built:facts';
import { calmCard } from './calm-card.js';
import { comparison } from './comparison.js';
import { el, fill, icon, textButton } from './dom.js';
import { call } from './engine.js';
import { fileTable } from './file-table.js';
import { plain } from './hostile-text.js';
import { keysDialog } from './keys-dialog.js';
import { liveSample, questions } from './landing.js';
import { PackageItem } from './package-item.js';
import { plural } from './quantities.js';
import { reportFile } from './report-file.js';
import { reportView } from './report-view.js';
import { samples } from './samples.js';
import { save } from './save.js';
import { serviceWorkerUrl } from './script-urls.js';
import { drawAllTabs } from './tabs.js';
import { followTheme } from './theme.js';
import { askForName, askForTrust } from './trust-dialog.js';
import { distrust, isTrusted, keyOf, onTrustChange, trustedKeys } from './trusted-keys.js';
import { sameOriginForm } from './url-form.js';
import { isBusy, looks } from './verdict.js';

/** Files that are open at once. */
const FILES_MAX = 20;

/** Files of a dropped folder that are looked at. */
const FOLDER_MAX = 500;

/** Largest file that is taken for a public key, in bytes. */
const KEY_FILE_MAX = 16 * 1024;

const byId = (id) => document.getElementById(id);
const say = (text) => fill(byId('announcement'), text);
const views = new WeakMap();
const cards = new WeakMap();
let items = [];
/** What shows: an item, `pair`, or the table of all. */
let current;
let pair;
let chosen = [];
let note = '';

const actions = {
  trust: (fingerprint) => askForTrust(fingerprint),
  rename: (fingerprint) => askForName(fingerprint, keyOf(fingerprint)?.name ?? ''),
  distrust,
  saveHtml(item) {
    const text = reportFile(item, { badge: looks(item).badge, engine: built.engineDigest, version: built.version });
    save(new Blob([text]), `${item.report.package?.name ?? item.file.name}-report.html`);
  },
  compare(item) {
    const others = items.filter((other) => other !== item && other.full && other.full.verdict.word !== 'not_package');
    if (others.length === 1) return compare([item, others[0]]);
    chosen = [item];
    if (items.length > 1) return show(undefined);
    comparing = item;
    byId('input').click();
  },
};
/** The item that the next file is to be compared with. */
let comparing;

function viewOf(item) {
  if (item.full?.verdict.word === 'not_package' && !isBusy(item)) {
    if (!cards.has(item)) cards.set(item, calmCard(item, { choose: () => byId('input').click(), landing: clear }));
    return cards.get(item);
  }
  if (!views.has(item)) views.set(item, reportView(item, actions));
  return views.get(item).element;
}

function draw() {
  document.body.classList.toggle('has-files', items.length > 0);
  byId('back').hidden = !(items.length > 1 && (current || pair));
  let shown;
  if (pair) shown = pair.element;
  else if (current) shown = viewOf(current);
  else if (items.length > 0) {
    // Of two there is nothing to choose.
    const able = items.filter(({ full }) => full && full.verdict.word !== 'not_package');
    if (items.length === 2 && able.length === 2 && chosen.length === 0) chosen = able;
    shown = fileTable(items, chosen, table, note);
  }
  const view = byId('view');
  // What is there stays there: open files, searches and places survive.
  if (shown && view.firstChild === shown && view.childNodes.length <= 2) return quiet();
  fill(view, shown, quiet1());
}

/** The links below a report. */
function quiet1() {
  return current?.full && !pair ? el('p', { class: 'quiet-tabs no-print' }, textButton('Save report (JSON)', () => save(new Blob([current.json]), `${current.report.package?.name ?? current.file.name}-report.json`)),
    textButton('Print', () => { drawAllTabs(); print(); })) : null;
}

function quiet() {
  const view = byId('view');
  const links = quiet1();
  view.querySelector(':scope > .quiet-tabs')?.remove();
  if (links) view.append(links);
}

const table = {
  select: (item) => show(item),
  compare: () => compare(chosen),
  toggle(item) {
    chosen = chosen.includes(item) ? chosen.filter((other) => other !== item) : [...chosen, item].slice(-2);
    draw();
  },
  remove,
  clear,
  saveAll() {
    const reports = items.filter(({ full }) => full).map(({ file, json }) => `{"file":${JSON.stringify(file.name)},${json.slice(1)}`);
    save(new Blob([`${reports.join('\n')}\n`]), 'pspf-reports.jsonl');
  },
};

function changed(item, what) {
  if (!items.includes(item)) return;
  views.get(item)?.update(what);
  if (what === 'progress' || what === 'facts') {
    if (!current && !pair) tableSoon();
    return;
  }
  draw();
  if (what !== 'phase' || isBusy(item)) return;
  performance.mark('verdict');
  const { badge } = looks(item);
  say(`${plain(item.file.name)}: ${badge}. ${item.full?.verdict.text ?? ''}`);
  document.title = items.length > 1 && !current ? `${items.length} files` : `${badge}: ${plain(item.file.name)}`;
  if (item === current && item.wantsFocus) {
    item.wantsFocus = false;
    byId('heading')?.focus({ preventScroll: true });
  }
  if (comparing && item !== comparing && item.full) {
    const other = comparing;
    comparing = undefined;
    compare([other, item]);
  }
}

let waiting = 0;
function tableSoon() {
  waiting ||= setTimeout(() => {
    waiting = 0;
    // A box that is about to be ticked is not taken away.
    if (!byId('view').contains(document.activeElement)) draw();
  }, 300);
}

function show(item) {
  current = item;
  pair = undefined;
  draw();
  byId('heading')?.focus({ preventScroll: true });
  scrollTo(0, 0);
}

function remove(item) {
  item.close();
  items = items.filter((other) => other !== item);
  chosen = chosen.filter((other) => other !== item);
  if (items.length === 0) return clear();
  pair = undefined;
  current = items.length === 1 ? items[0] : undefined;
  draw();
  byId('heading')?.focus();
}

function clear() {
  for (const item of items) item.close();
  items = [];
  chosen = [];
  note = '';
  current = pair = comparing = undefined;
  document.title = 'PSPF package viewer';
  fill(byId('problem'));
  draw();
  byId('choose').focus();
}

/** Opens files one after the other; small ones that hold a public key are trusted instead, if the reader says so. */
async function open(files, sample = null) {
  fill(byId('problem'));
  const before = items.length;
  let left = 0;
  for (const file of files) {
    if (!sample && await wasKey(file)) continue;
    if (items.length >= FILES_MAX) {
      left += 1;
      continue;
    }
    const item = new PackageItem(file, { sample, onchange: changed });
    item.wantsFocus = true;
    items.push(item);
    performance.mark('opened');
  }
  if (left > 0) {
    note = `At most ${plural(FILES_MAX, 'file')} are open at once: ${left} were left out.`;
    say(note);
  }
  const added = items.slice(before);
  if (added.length === 0) return;
  pair = undefined;
  current = added.length === 1 ? added[0] : undefined;
  draw();
  for (const item of added) item.run();
}

async function openSamples(list, compared = false) {
  if (!compared) return open([await list[0].file()], list[0]);
  const made = [];
  for (const sample of list) {
    const item = new PackageItem(await sample.file(), { sample, onchange: changed });
    items.push(item);
    made.push(item);
  }
  current = undefined;
  draw();
  await Promise.all(made.map((item) => item.run()));
  made.sort((a, b) => String(a.report.package?.version).localeCompare(String(b.report.package?.version), 'en', { numeric: true }));
  await compare(made);
}

async function wasKey(file) {
  if (!(file instanceof File) || file.size > KEY_FILE_MAX || file.size === 0) return false;
  let key;
  try {
    key = await call('keyFromFile', { bytes: new Uint8Array(await file.arrayBuffer()) });
  } catch (error) {
    // Any other code says that the file holds no public key.
    if (error.code?.startsWith('key.') && error.code !== 'key.notes') return false;
    say(`${plain(file.name)} is not trusted: ${plain(error.message)}`);
    fill(byId('problem'), `${plain(file.name)} is not trusted: `, plain(error.message));
    return true;
  }
  const known = isTrusted(key.fingerprint);
  const trusted = known || (await askForTrust(key.fingerprint, { name: key.name, expires: key.expires, file: file.name }));
  const signed = items.filter((item) => item.report?.signer?.fingerprint === key.fingerprint).length;
  const text = known ? `The key in ${plain(file.name)} is one that you trust already.` : trusted ? `The key in ${plain(file.name)} is trusted now; ${plural(signed, 'open package')} named it as signer.` : `The key in ${plain(file.name)} is not trusted.`;
  say(text);
  fill(byId('problem'), text);
  return true;
}

async function compare(two) {
  const [a, b] = two;
  if (!a || !b) return;
  say('Comparing the two packages.');
  const busy = el('section', { class: 'card pad', 'aria-busy': 'true' }, el('p', { class: 'file-line' }, el('span', { class: 'badge is-calm' }, icon('turning', 'turns'), 'Comparing')), el('p', { class: 'sentence' }, 'Reading the files in both packages…'));
  pair = { element: busy };
  draw();
  const mine = pair;
  try {
    const difference = await call('diff', { a: a.file, b: b.file });
    if (pair !== mine) return;
    pair = { element: comparison(a, b, difference, { close: () => show(undefined), swap: () => compare([b, a]) }) };
    draw();
    byId('heading')?.focus({ preventScroll: true });
    scrollTo(0, 0);
  } catch (error) {
    if (pair !== mine) return;
    pair = undefined;
    draw();
    say(`They could not be compared: ${plain(error.message)}`);
    fill(byId('problem'), 'They could not be compared: ', plain(error.message));
  }
}

/** The files of what was dropped, folders opened. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((one) => one.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some(({ isDirectory }) => isDirectory)) return [...transfer.files];
  const files = [];
  while (entries.length > 0 && files.length < FOLDER_MAX) {
    const entry = entries.shift();
    if (entry.isFile) files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    else {
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (some.length === 0) break;
        entries.push(...some);
      }
    }
  }
  return files;
}

function dropping() {
  let depth = 0;
  const carries = (event) => event.dataTransfer?.types.includes('Files');
  const set = (over) => document.body.classList.toggle('is-over', over);
  addEventListener('dragenter', (event) => { if (carries(event)) { depth += 1; set(true); event.preventDefault(); } });
  addEventListener('dragover', (event) => { if (carries(event)) event.preventDefault(); });
  addEventListener('dragleave', () => { depth = Math.max(0, depth - 1); if (depth === 0) set(false); });
  addEventListener('drop', (event) => {
    depth = 0;
    set(false);
    if (!carries(event)) return;
    event.preventDefault();
    dropped(event.dataTransfer).then(open, (error) => fill(byId('problem'), plain(error.message)));
  });
  addEventListener('paste', (event) => { if (event.clipboardData?.files.length) open([...event.clipboardData.files]); });
}

function start() {
  followTheme(byId('theme'));
  dropping();
  const input = byId('input');
  input.addEventListener('change', () => { open([...input.files]); input.value = ''; });
  byId('choose').addEventListener('click', () => input.click());
  byId('more-files').addEventListener('click', () => input.click());
  byId('home').addEventListener('click', clear);
  byId('back').addEventListener('click', () => show(undefined));
  const list = samples();
  questions(byId('samples'), list.filter(({ question }) => question).concat(list.filter(({ question, compared }) => !question && compared)).filter(({ question }) => question), (wanted, compared) => openSamples(compared ? list.filter((sample) => sample.compared) : wanted, compared));
  liveSample(byId('live'), list[0]).catch(() => { byId('live').closest('.live').hidden = true; });
  byId('open-live').addEventListener('click', () => openSamples([list[0]]));
  const keys = keysDialog();
  document.body.append(keys.element);
  byId('keys').addEventListener('click', keys.show);
  const counted = () => fill(byId('key-count'), trustedKeys().length || '');
  onTrustChange(() => {
    counted();
    items.forEach((item) => item.run());
  });
  counted();
  addEventListener('beforeprint', drawAllTabs);
  fill(byId('built'), `Version ${built.version}. SHA-256 of the engine: `, el('code', { class: 'digest' }, built.engineDigest));
  if (built.sameOriginUrls) {
    byId('intake').append(sameOriginForm(open));
    const wanted = new URLSearchParams(location.search).get('file');
    if (wanted) byId('address').form.openAddress(wanted);
  }
  if (built.serviceWorker && 'serviceWorker' in navigator && location.protocol !== 'file:') navigator.serviceWorker.register(serviceWorkerUrl).catch(() => {});
  draw();
  document.documentElement.dataset.ready = 'true';
}

start();

// The page: what is opened, what shows, and what happens on which event.

import { built } from 'built:facts';
import { comparison } from './comparison.js';
import { button, el, fill, icon } from './dom.js';
import { call } from './engine.js';
import { plain, shown } from './hostile-text.js';
import { keysDialog } from './keys-dialog.js';
import { PackageItem } from './package-item.js';
import { plural } from './quantities.js';
import { reportView, standing } from './report-view.js';
import { samples } from './samples.js';
import { save } from './save.js';
import { serviceWorkerUrl } from './script-urls.js';
import { drawAllTabs } from './tabs.js';
import { followTheme } from './theme.js';
import { distrust, onTrustChange, trust } from './trusted-keys.js';
import { sameOriginForm } from './url-form.js';

/** Files that are open at once. */
const FILES_MAX = 20;

/** Largest file that is taken for a public key, in bytes. */
const KEY_FILE_MAX = 16 * 1024;

const byId = (id) => document.getElementById(id);
const say = (text) => fill(byId('announcement'), text);
let items = [];
let current;
let pair;

const actions = {
  trust(fingerprint, name, expires) {
    if (confirm(`Trust every package that key\n\n${fingerprint}\n\nsigns? Compare it with what the publisher says first. It is remembered in this browser only.`)) trust(fingerprint, name ? plain(name) : '', expires);
  },
  distrust,
  exportReport() {
    const text = JSON.stringify(current.report, null, 2);
    save(new Blob([text]), `${current.report.package?.name ?? current.file.name}-report.json`);
  },
  print() {
    drawAllTabs();
    window.print();
  },
};

function draw() {
  const focused = byId('view').contains(document.activeElement) && document.activeElement;
  document.body.classList.toggle('has-files', items.length > 0);
  fill(byId('files'), items.map((item) => {
    const { kind, word } = standing(item);
    return el('li', { class: item === current && !pair ? 'is-current' : '' },
      el('button', { type: 'button', class: `file-tab is-${kind}`, 'aria-current': item === current && !pair ? 'true' : null, onclick: () => select(item) },
        icon(kind), el('span', { class: 'file-name' }, shown(item.file.name, 48)), el('span', { class: 'dim' }, word)),
      button(icon('close'), () => remove(item), { class: 'close', 'aria-label': `Close ${plain(item.file.name)}` }));
  }), items.length === 2 && el('li', {}, button('Compare the two', compare, { class: 'primary', disabled: !items.every((item) => item.phase === 'done') })),
  items.length > 0 && el('li', {}, button('Close all', clear, { class: 'quiet' })));
  byId('files').hidden = items.length === 0;
  if (pair) fill(byId('view'), comparison(pair.a, pair.b, pair.difference, () => select(current)));
  else fill(byId('view'), current && reportView(current, actions));
  // Who was in the report stays in it: at the chosen tab, else at the verdict.
  if (focused) (focused.closest('.tabs') ? byId('view').querySelector('[role="tab"][aria-selected="true"]') : byId('verdict-word'))?.focus();
}

function changed(item, what) {
  if (!items.includes(item)) return;
  if (what === 'progress') {
    if (item === current && !pair) document.querySelector('.progress')?.update();
    return;
  }
  draw();
  if (item.phase === 'listing' || item.phase === 'done') performance.mark('verdict');
  const { word, sentence } = standing(item);
  if (item.phase === 'done' || item.phase === 'failed' || item.phase === 'cancelled') {
    say(`${plain(item.file.name)}: ${word}. ${sentence}`);
    document.title = `${word}: ${plain(item.file.name)}`;
  }
  if (item === current && item.wantsFocus && (item.full || item.phase === 'failed')) {
    item.wantsFocus = false;
    byId('verdict-word')?.focus();
  }
}

function select(item) {
  current = item;
  pair = undefined;
  draw();
  byId('verdict-word')?.focus({ preventScroll: false });
}

function remove(item) {
  item.close();
  items = items.filter((other) => other !== item);
  if (current === item) current = items.at(-1);
  pair = undefined;
  draw();
  (document.querySelector('.file-tab') ?? byId('choose')).focus();
}

function clear() {
  for (const item of items) item.close();
  items = [];
  current = pair = undefined;
  document.title = 'PSPF package viewer';
  draw();
  byId('choose').focus();
}

/** Opens files one after the other; small ones that hold a public key are trusted instead, if the reader says so. */
async function open(files, sample = null) {
  for (const file of files) {
    if (!sample && await wasKey(file)) continue;
    if (items.length >= FILES_MAX) {
      say(`At most ${plural(FILES_MAX, 'file')} are open at once.`);
      return;
    }
    const item = new PackageItem(file, { sample, onchange: changed });
    item.wantsFocus = true;
    items.push(item);
    performance.mark('opened');
    current = item;
    pair = undefined;
    draw();
    item.run();
  }
}

async function wasKey(file) {
  if (!(file instanceof File) || file.size > KEY_FILE_MAX || file.size === 0) return false;
  try {
    const { fingerprint, name, expires } = await call('keyFromFile', { bytes: new Uint8Array(await file.arrayBuffer()) });
    actions.trust(fingerprint, name || file.name, expires);
  } catch (error) {
    // Any other code says that the file holds no public key.
    if (error.code?.startsWith('key.') && error.code !== 'key.notes') return false;
    say(`${plain(file.name)} is not trusted: ${plain(error.message)}`);
    fill(byId('problem'), `${plain(file.name)} is not trusted: `, plain(error.message));
  }
  return true;
}

async function compare() {
  const [a, b] = items;
  say('Comparing the two packages.');
  try {
    pair = { a, b, difference: await call('diff', { a: a.file, b: b.file }) };
    draw();
    byId('comparison-title').focus();
  } catch (error) {
    say(`They could not be compared: ${plain(error.message)}`);
    fill(byId('problem'), 'They could not be compared: ', plain(error.message));
  }
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
    open([...event.dataTransfer.files]);
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
  fill(byId('samples'), samples().map((sample) => el('li', {}, el('button', { type: 'button', class: `sample is-${sample.look}`, onclick: async () => open([await sample.file()], sample) },
    icon(sample.look), el('span', {}, el('strong', {}, sample.title), el('span', { class: 'dim' }, sample.description))))));
  const keys = keysDialog();
  document.body.append(keys.element);
  byId('keys').addEventListener('click', keys.show);
  onTrustChange(() => items.forEach((item) => item.run()));
  addEventListener('beforeprint', drawAllTabs);
  fill(byId('built'), `Version ${built.version}. SHA-256 of the engine (WebAssembly): `, el('code', { class: 'digest' }, built.engineDigest));
  if (built.sameOriginUrls) byId('intake').append(sameOriginForm(open));
  if (built.serviceWorker && 'serviceWorker' in navigator && location.protocol !== 'file:') navigator.serviceWorker.register(serviceWorkerUrl).catch(() => {});
  draw();
  document.documentElement.dataset.ready = 'true';
}

start();

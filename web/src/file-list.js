// The files of one slot as a tree. Only the rows in sight are elements, so that 100,000 entries scroll as well as ten.

import { el, fill, icon } from './dom.js';
import { isOdd, plain } from './hostile-text.js';
import { modeText, plural, size } from './quantities.js';

const ROW_HEIGHT = 28;

/** Rows that are drawn above and below the ones in sight. */
const OVERSCAN = 8;

/** Deepest indentation that is drawn; deeper folders are still there. */
const INDENT_MAX = 24;

let lists = 0;

/** Adds an entry to a tree of folders, making the folders that it names. */
function place(root, entry) {
  let folder = root;
  const names = entry.path.split('/').filter((name) => name !== '');
  for (const name of names.slice(0, -1)) folder = child(folder, name);
  const node = child(folder, names.at(-1) ?? entry.path);
  node.entry = entry;
}

function child(folder, name) {
  let node = folder.children.get(name);
  if (!node) {
    node = { name, parent: folder, depth: folder.depth + 1, children: new Map(), open: folder.depth < 1 };
    folder.children.set(name, node);
  }
  return node;
}

const isFolder = (node) => node.children.size > 0 || node.entry?.type === 'directory';

function order(a, b) {
  return isFolder(b) - isFolder(a) || (a.name < b.name ? -1 : 1);
}

/** A tree of `{ path, type, size, mode, target }`; `onchoose` is told of the entry that the reader picks. */
export function fileList({ label, onchoose }) {
  const root = { name: '', depth: -1, children: new Map(), open: true };
  const id = `files-${++lists}`;
  let rows = [];
  let found = '';
  let active = 0;
  let total = 0;
  const space = el('div', { class: 'rows' });
  const box = el('div', { class: 'tree', role: 'tree', tabindex: 0, 'aria-label': label }, space);
  const status = el('span', { class: 'dim', role: 'status' });

  function collect() {
    rows = [];
    const words = found.toLowerCase();
    const walk = (folder) => {
      for (const node of [...folder.children.values()].sort(order)) {
        if (words === '') rows.push(node);
        else if (node.entry && node.entry.path.toLowerCase().includes(words)) rows.push(node);
        if (words !== '' || node.open) walk(node);
      }
    };
    walk(root);
    active = Math.min(active, Math.max(rows.length - 1, 0));
    fill(status, words ? `${plural(rows.length, 'match', 'matches')} of ${plural(total, 'entry', 'entries')}` : plural(total, 'entry', 'entries'));
    draw();
  }

  function draw() {
    space.style.height = `${rows.length * ROW_HEIGHT}px`;
    const first = Math.max(0, Math.floor(box.scrollTop / ROW_HEIGHT) - OVERSCAN);
    const last = Math.min(rows.length, Math.ceil((box.scrollTop + (box.clientHeight || 420)) / ROW_HEIGHT) + OVERSCAN);
    const nodes = [];
    for (let at = first; at < last; at += 1) nodes.push(row(rows[at], at));
    fill(space, nodes);
    if (rows.length > 0) box.setAttribute('aria-activedescendant', `${id}-${active}`);
    else box.removeAttribute('aria-activedescendant');
  }

  function row(node, at) {
    const { entry } = node;
    const folder = isFolder(node);
    const setId = (entry?.mode ?? 0) & 0o6000;
    const name = found ? entry.path : node.name;
    return el('div', {
      class: 'row', role: 'treeitem', id: `${id}-${at}`, 'aria-level': found ? 1 : node.depth + 1, 'aria-selected': String(at === active),
      'aria-expanded': folder && !found ? String(node.open) : null, 'aria-setsize': rows.length, 'aria-posinset': at + 1,
      style: { top: `${at * ROW_HEIGHT}px`, '--depth': found ? 0 : Math.min(node.depth, INDENT_MAX) },
      onclick: () => {
        active = at;
        if (folder && !found) toggle(node);
        else draw();
        choose();
      },
    },
    el('span', { class: `fold ${folder && !found ? (node.open ? 'open' : 'shut') : ''}` }),
    icon(folder ? 'folder' : entry?.type === 'symlink' || entry?.type === 'hardlink' ? 'link' : 'file'),
    el('bdi', { class: isOdd(name) ? 'name has-odd' : 'name' }, plain(name)),
    entry?.target && el('span', { class: 'dim' }, '→ ', el('bdi', {}, plain(entry.target))),
    el('span', { class: 'facts' },
      setId ? el('strong', { class: 'flag' }, 'set-id') : null,
      entry && el('span', { class: 'mode' }, modeText(entry.mode ?? 0)),
      entry && entry.type === 'file' && el('span', { class: 'number' }, size(entry.size))));
  }

  function toggle(node, open = !node.open) {
    node.open = open;
    collect();
  }

  function choose() {
    const node = rows[active];
    if (node?.entry) onchoose(node.entry);
  }

  function move(to) {
    active = Math.max(0, Math.min(rows.length - 1, to));
    const top = active * ROW_HEIGHT;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + ROW_HEIGHT > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW_HEIGHT - box.clientHeight;
    draw();
  }

  box.addEventListener('scroll', draw, { passive: true });
  box.addEventListener('keydown', (event) => {
    const node = rows[active];
    const page = Math.max(1, Math.floor(box.clientHeight / ROW_HEIGHT) - 1);
    const act = {
      ArrowDown: () => move(active + 1), ArrowUp: () => move(active - 1), Home: () => move(0), End: () => move(rows.length - 1),
      PageDown: () => move(active + page), PageUp: () => move(active - page), Enter: choose, ' ': choose,
      ArrowRight: () => (node && isFolder(node) && !node.open ? toggle(node, true) : move(active + 1)),
      ArrowLeft: () => (node && isFolder(node) && node.open && !found ? toggle(node, false) : move(Math.max(0, rows.indexOf(node?.parent)))),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  new ResizeObserver(draw).observe(box);

  const search = el('input', { type: 'search', placeholder: 'Find a file', 'aria-label': `Find a file in ${label}`, oninput: () => {
    found = search.value.trim();
    box.scrollTop = 0;
    collect();
  } });
  let waiting = 0;
  return {
    element: el('div', { class: 'file-list' }, el('div', { class: 'file-tools' }, search, status), box),
    /** Adds entries as they are found. */
    add(entries) {
      for (const entry of entries) place(root, entry);
      total += entries.length;
      if (waiting) return;
      waiting = requestAnimationFrame(() => {
        waiting = 0;
        collect();
      });
    },
  };
}

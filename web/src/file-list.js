// The files of a package: folders, or what a search finds. Only the rows in sight are elements, so that 100,000 entries scroll as well as ten.

import { el, fill, icon } from './dom.js';
import { plain } from './hostile-text.js';
import { count, plural, size } from './quantities.js';

const ROW_HEIGHT = 52;

/** Rows that are drawn above and below the ones in sight. */
const OVERSCAN = 6;

/** Deepest indentation that is drawn; deeper folders are still there. */
const INDENT_MAX = 8;

let lists = 0;

function child(folder, name) {
  let node = folder.children.get(name);
  if (!node) {
    node = { name, parent: folder, children: new Map(), open: false, size: 0, files: 0 };
    folder.children.set(name, node);
  }
  return node;
}

/** Adds an entry to a tree of folders, making the folders that it names. */
function place(root, entry) {
  const names = entry.path.split('/').filter((name) => name !== '');
  let folder = root;
  const bytes = entry.type === 'file' ? entry.size : 0;
  for (const name of names.slice(0, -1)) {
    folder = child(folder, name);
    folder.size += bytes;
    folder.files += 1;
  }
  const node = child(folder, names.at(-1) ?? entry.path);
  node.entry = entry;
}

const isFolder = (node) => node.children.size > 0 || node.entry?.type === 'directory';
const order = (a, b) => isFolder(b) - isFolder(a) || (a.name < b.name ? -1 : 1);

/** A folder with nothing in it but one folder is shown as one row with it. */
function folded(node) {
  let last = node;
  let name = node.name;
  while (last.children.size === 1 && isFolder([...last.children.values()][0])) {
    [last] = last.children.values();
    name += `/${last.name}`;
  }
  return { node: last, name };
}

/** A list of `{ path, type, size, mode, target, flagged }`; `onchoose` is told of the entry that the reader picks. */
export function fileList({ label, onchoose }) {
  const root = { name: '', children: new Map(), open: true, size: 0, files: 0 };
  const id = `files-${++lists}`;
  const entries = [];
  let rows = [];
  let found = '';
  let active = 0;
  const space = el('div', { class: 'rows' });
  const box = el('div', { class: 'tree', role: 'tree', tabindex: 0, 'aria-label': label }, space);
  const status = el('output', {});

  function collect() {
    rows = [];
    const words = found.toLowerCase();
    if (words !== '') {
      rows = entries.filter((entry) => entry.path.toLowerCase().includes(words)).map((entry) => ({ entry, depth: 0 }));
      const base = (entry) => entry.path.slice(entry.path.lastIndexOf('/') + 1).toLowerCase();
      // Those that have it in their own name come first.
      rows.sort((a, b) => base(b.entry).includes(words) - base(a.entry).includes(words));
    } else {
      const walk = (folder, depth) => {
        for (const own of [...folder.children.values()].sort(order)) {
          const { node, name } = folded(own);
          rows.push({ node, name, entry: node.entry, depth });
          if (node.open) walk(node, depth + 1);
        }
      };
      walk(root, 0);
    }
    active = Math.min(active, Math.max(rows.length - 1, 0));
    fill(status, words ? `${count(rows.length)} of ${count(entries.length)}` : plural(entries.length, 'entry', 'entries'));
    draw();
  }

  function draw() {
    space.style.height = `${rows.length * ROW_HEIGHT}px`;
    const first = Math.max(0, Math.floor(box.scrollTop / ROW_HEIGHT) - OVERSCAN);
    const last = Math.min(rows.length, Math.ceil((box.scrollTop + (box.clientHeight || 560)) / ROW_HEIGHT) + OVERSCAN);
    fill(space, rows.slice(first, last).map((row, at) => draw1(row, first + at)));
    if (rows.length > 0) box.setAttribute('aria-activedescendant', `${id}-${active}`);
    else box.removeAttribute('aria-activedescendant');
  }

  function marked(text) {
    const at = found ? text.toLowerCase().indexOf(found.toLowerCase()) : -1;
    if (at < 0) return plain(text);
    return [plain(text.slice(0, at)), el('mark', {}, plain(text.slice(at, at + found.length))), plain(text.slice(at + found.length))];
  }

  function draw1({ node, name, entry, depth }, at) {
    const folder = node && isFolder(node);
    const cut = entry ? entry.path.lastIndexOf('/') + 1 : 0;
    const base = node ? name : entry.path.slice(cut);
    const under = node ? (folder ? plural(node.files, 'file') : entry.type === 'file' ? '' : `${entry.type}${entry.target ? ` to ${plain(entry.target)}` : ''}`) : entry.path.slice(0, cut);
    return el('div', {
      class: 'file-row', role: 'treeitem', id: `${id}-${at}`, 'aria-level': depth + 1, 'aria-selected': String(at === active),
      'aria-expanded': folder ? String(node.open) : null, 'aria-setsize': rows.length, 'aria-posinset': at + 1,
      style: { top: `${at * ROW_HEIGHT}px`, '--depth': Math.min(depth, INDENT_MAX) },
      onclick: () => {
        active = at;
        if (folder) toggle(node);
        else draw();
        choose();
      },
    },
    entry?.flagged ? icon('hazard', 'flagged') : icon(folder ? 'right' : entry?.type === 'symlink' || entry?.type === 'hardlink' ? 'link' : 'file', folder && node.open ? 'open' : ''),
    el('span', {}, el('b', { dir: 'ltr' }, marked(base), folder && '/'), under && el('small', {}, el('bdi', { dir: 'ltr' }, node ? under : marked(under)))),
    el('span', {}, folder ? size(node.size) : entry?.type === 'file' ? size(entry.size) : ''));
  }

  function toggle(node, open = !node.open) {
    node.open = open;
    collect();
  }

  function choose() {
    const row = rows[active];
    if (row?.entry && !(row.node && isFolder(row.node))) onchoose(row.entry);
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
    const row = rows[active];
    const node = row?.node;
    const page = Math.max(1, Math.floor(box.clientHeight / ROW_HEIGHT) - 1);
    const parent = () => rows.findIndex(({ node: other }) => other && node && (other === node.parent || other === folded(node.parent).node));
    const act = {
      ArrowDown: () => move(active + 1), ArrowUp: () => move(active - 1), Home: () => move(0), End: () => move(rows.length - 1),
      PageDown: () => move(active + page), PageUp: () => move(active - page),
      Enter: () => (node && isFolder(node) ? toggle(node) : choose()), ' ': () => (node && isFolder(node) ? toggle(node) : choose()),
      ArrowRight: () => (node && isFolder(node) && !node.open ? toggle(node, true) : move(active + 1)),
      ArrowLeft: () => (node && isFolder(node) && node.open ? toggle(node, false) : move(Math.max(0, parent()))),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  new ResizeObserver(draw).observe(box);

  const search = el('input', { type: 'search', placeholder: 'Find a file', 'aria-label': `Find a file in ${label}`, oninput: () => set(search.value) });
  function set(text) {
    found = text.trim();
    active = 0;
    box.scrollTop = 0;
    collect();
  }
  return {
    element: el('div', { class: 'file-list' }, el('div', { class: 'search' }, icon('find'), search, status), box),
    /** Takes the entries, all at once. */
    add(more) {
      for (const entry of more) {
        place(root, entry);
        entries.push(entry);
      }
      // One folder at the top is opened: there is nothing else to see.
      for (const node of root.children.values()) node.open = root.children.size <= 3;
      collect();
    },
    /** Searches for a text. */
    search(text) {
      search.value = text;
      set(text);
    },
  };
}

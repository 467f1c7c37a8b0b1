// A JSON value as a tree that folds.

import { el } from './dom.js';
import { shown } from './hostile-text.js';
import { plural } from './quantities.js';

/** Members of one object or array that are drawn. */
const MEMBERS_MAX = 500;

/** Levels that are open at first. */
const OPEN_LEVELS = 2;

/** Deepest level that is drawn. */
const DEPTH_MAX = 60;

/** The tree of a value that has been read from JSON. */
export function valueTree(value, depth = 0) {
  if (value === null || typeof value !== 'object') return el('span', { class: `value is-${value === null ? 'null' : typeof value}` }, shown(String(value), 200));
  const list = Array.isArray(value);
  const members = list ? value.map((item, at) => [String(at), item]) : Object.entries(value);
  if (members.length === 0) return el('span', { class: 'value dim' }, list ? 'empty list' : 'empty');
  if (depth > DEPTH_MAX) return el('span', { class: 'dim' }, 'nested more deeply than is drawn');
  return el('ul', { class: 'values' }, members.slice(0, MEMBERS_MAX).map(([key, item]) => el('li', {}, member(key, item, list, depth))),
    members.length > MEMBERS_MAX && el('li', { class: 'dim' }, `and ${members.length - MEMBERS_MAX} more`));
}

function member(key, item, list, depth) {
  const label = el('span', { class: list ? 'key dim' : 'key' }, shown(key, 80));
  const inner = item !== null && typeof item === 'object' ? Object.keys(item).length : 0;
  if (inner === 0) return [label, ' ', valueTree(item, depth + 1)];
  const note = Array.isArray(item) ? plural(inner, 'item') : plural(inner, 'member');
  const body = el('div');
  const box = el('details', { open: depth < OPEN_LEVELS - 1, ontoggle: () => draw() }, el('summary', {}, label, ' ', el('span', { class: 'dim' }, note)), body);
  // Drawn when it is opened: a document of a megabyte has more members than anyone opens.
  const draw = () => { if (box.open && !body.firstChild) body.append(valueTree(item, depth + 1)); };
  draw();
  return box;
}

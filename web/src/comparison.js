// Two packages side by side.

import { button, el } from './dom.js';
import { shown } from './hostile-text.js';
import { grouped, modeText, plural, size } from './quantities.js';
import { verdict } from './verdict.js';

/** Changes of one kind that are drawn. */
const ROWS_MAX = 500;

/** A reason that says nothing to a reader: a slot that is one file has no files to compare. */
const NOT_SAID = /^slot\.not_archive\b/;

const SIGNS = { added: '+', removed: '−', changed: '≠' };

/** The comparison of two items, from the engine's `diff`. */
export function comparison(a, b, difference, onclose) {
  const side = (item) => [item.report.package?.name ?? item.file.name, ' ', item.report.package?.version ?? ''];
  const row = (name, get) => {
    const [left, right] = [get(a), get(b)];
    return el('tr', { class: left === right ? '' : 'differs' }, el('th', { scope: 'row' }, name), el('td', {}, shown(left, 200)), el('td', {}, shown(right, 200)));
  };
  const sameSigner = a.report.signer?.fingerprint === b.report.signer?.fingerprint;
  return el('section', { class: 'card comparison', 'aria-labelledby': 'comparison-title' },
    el('div', { class: 'card-head' }, el('h1', { id: 'comparison-title', tabindex: -1 }, 'Two packages side by side'), button('Close', onclose)),
    el('p', { class: sameSigner ? 'notice is-calm' : 'notice' }, sameSigner ? 'Both name the same signing key.' : el('strong', {}, 'They name different signing keys.')),
    el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Facts of both packages' }, el('table', {},
      el('thead', {}, el('tr', {}, el('td', {}), el('th', { scope: 'col' }, shown(side(a).join(''), 80)), el('th', { scope: 'col' }, shown(side(b).join(''), 80)))),
      el('tbody', {}, row('File', (item) => item.file.name), row('Verdict', (item) => verdict(item.report, item.hostile).word),
        row('Size', (item) => size(item.report.size)), row('Key', (item) => (item.report.signer ? grouped(item.report.signer.fingerprint) : 'none'))))),
    changes('Metadata', difference.metadata, (change) => [el('code', {}, shown(change.path, 160)), values(change)]),
    changes('Slots', difference.slots, (change) => [shown(change.id, 120), slotSizes(change), change.reason && !NOT_SAID.test(change.reason) && el('p', { class: 'dim' }, shown(change.reason, 200))]),
    difference.slots.filter((change) => change.files?.length).map((change) => changes(['Files of ', shown(change.id, 60)], change.files, (file) => [shown(file.path, 200), fileSizes(file)])));
}

const stored = (slot) => slot && `${size(slot.range.end - slot.range.start)} stored`;
const slotSizes = ({ before, after }) => values({ before: stored(before), after: stored(after) });
const content = (file) => file && (file.type === 'file' ? `${size(file.size)}, ${modeText(file.mode)}` : `${file.type}${file.target ? ` to ${file.target}` : ''}`);

/** Size and mode before and after; where both are the same, the content differs. */
function fileSizes({ before, after }) {
  const [was, is] = [content(before), content(after)];
  return was === is ? el('span', { class: 'dim' }, ` ${is}, other content`) : values({ before: was, after: is });
}

/** `added`, `removed` or `changed`. */
function kindOf(change) {
  return change.change ?? (change.before === undefined ? 'added' : change.after === undefined ? 'removed' : 'changed');
}

function changes(title, list = [], describe) {
  return el('section', {}, el('h2', {}, title, el('span', { class: 'dim' }, ` ${list.length ? plural(list.length, 'difference') : 'no difference'}`)),
    list.length > 0 && el('ul', { class: 'changes' }, list.slice(0, ROWS_MAX).map((change) => el('li', { class: `is-${kindOf(change)}` },
      el('span', { class: 'sign', 'aria-hidden': 'true' }, SIGNS[kindOf(change)]), el('span', { class: 'visually-hidden' }, `${kindOf(change)}: `), el('div', {}, describe(change))))),
    list.length > ROWS_MAX && el('p', { class: 'dim' }, `The first ${ROWS_MAX}.`));
}

function values({ before, after }) {
  const one = (value) => el('code', {}, shown(typeof value === 'string' ? value : JSON.stringify(value), 160));
  return (before !== undefined || after !== undefined) && el('span', { class: 'values-change' },
    before !== undefined && el('del', {}, one(before)), ' ', after !== undefined && el('ins', {}, one(after)));
}

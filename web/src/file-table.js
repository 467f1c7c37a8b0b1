// Several files: one row each, with its verdict.

import { button, el, icon, textButton } from './dom.js';
import { plain, shown } from './hostile-text.js';
import { grouped, plural, size } from './quantities.js';
import { badge, isBusy, looks, signerName } from './verdict.js';

/** The worst first: what is not to be run must not be below what is good. */
const ORDER = ['bad', 'care', 'good', 'wait', 'calm'];
const SUMS = { bad: ['not to run', 'changed'], care: ['unknown signer', 'unknown'], good: ['trusted', 'trusted'], calm: ['nobody vouches for', 'unsigned'], wait: ['not checked yet', 'turning'] };

/** The table of `items`. `actions` are `{ select, compare, toggle, remove, clear, saveAll }`, `chosen` those that are to be compared. */
export function fileTable(items, chosen, actions, note) {
  const counts = ORDER.map((look) => [look, items.filter((item) => looks(item).look === look).length]).filter(([, number]) => number > 0);
  const row = (item) => {
    const { package: about, signer } = item.report ?? {};
    const { verdict } = item.full ?? {};
    const none = verdict?.word === 'not_package';
    const { done } = item.progress;
    const percent = isBusy(item) && item.file.size ? `, ${Math.min(100, Math.floor((100 * done) / item.file.size))} %` : '';
    const whose = verdict?.who ? signerName(item)?.name ?? `${grouped(verdict.who.slice(0, 12))}…` : null;
    return el('tr', {}, el('th', { scope: 'row' }, el('div', { class: 'choose' },
      el('label', {}, el('input', { type: 'checkbox', 'aria-label': `Choose ${plain(item.file.name)} to compare`, checked: chosen.includes(item), disabled: none || isBusy(item) || !item.full, onchange: () => actions.toggle(item) })),
      el('div', {}, textButton(shown(about?.name ?? item.file.name, 60), () => actions.select(item)), el('small', {}, shown(item.file.name, 60))))),
    el('td', {}, badge(item, { note: percent })), el('td', { class: 'number' }, about ? shown(about.version, 20) : '–'),
    el('td', {}, whose && !none ? shown(whose, 40) : el('span', { class: 'dim' }, isBusy(item) ? 'not yet' : none || !signer ? '–' : 'not judged')),
    el('td', { class: 'number end' }, size(item.file.size)),
    el('td', { class: 'end no-print' }, el('button', { type: 'button', class: 'icon-button', 'aria-label': `Close ${plain(item.file.name)}`, onclick: () => actions.remove(item) }, icon('close'))));
  };
  const sorted = [...items].sort((a, b) => ORDER.indexOf(looks(a).look) - ORDER.indexOf(looks(b).look));
  return el('section', { class: 'card pad many', 'aria-labelledby': 'heading' }, el('div', { class: 'card-head' }, el('h1', { id: 'heading', tabindex: -1 }, plural(items.length, 'file')),
    el('div', { class: 'tools no-print' }, button([icon('compare'), 'Compare the 2 chosen'], actions.compare, { class: chosen.length === 2 ? 'primary' : '', disabled: chosen.length !== 2 }),
      button('Save all reports', actions.saveAll, { disabled: !items.some((item) => item.full) }), button('Close all', actions.clear, { class: 'quiet' }))),
  note && el('p', { class: 'notice', role: 'status' }, note),
  el('div', { class: 'counts' }, counts.map(([look, number]) => el('span', { class: `badge is-${look} soft` }, icon(SUMS[look][1]), `${number} ${SUMS[look][0]}`))),
  el('table', { class: 'stacked' }, el('thead', {}, el('tr', {}, ['Package', 'Verdict', 'Version', 'Signer'].map((name) => el('th', { scope: 'col' }, name)), el('th', { scope: 'col', class: 'end' }, 'Size'), el('td', {}, ''))), el('tbody', {}, sorted.map(row))));
}

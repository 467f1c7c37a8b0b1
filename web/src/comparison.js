// Two packages as a story: who signed them, what changed in the file, in the components, in the files.

import { componentsOf, licences } from './bill-of-materials.js';
import { button, el, icon, svg } from './dom.js';
import { plain, shown } from './hostile-text.js';
import { count, day, grouped, plural, size } from './quantities.js';
import { badge, signerName } from './verdict.js';

/** Rows of one kind that are drawn. */
const ROWS_MAX = 300;

const SIGNS = { added: '+', removed: '−', changed: '~', same: '=' };
const length = (slot) => slot.range.end - slot.range.start;
const sign = (kind) => el('span', { class: `sign ${kind}` }, el('span', { 'aria-hidden': 'true' }, SIGNS[kind]), el('span', { class: 'visually-hidden' }, kind === 'same' ? 'the same: ' : `${kind}: `));
const more = (bytes) => `${bytes < 0 ? '−' : '+'}${size(Math.abs(bytes))}`;

/** Components of both: `[{ name, kind, before, after }]`. */
export function components(before, after) {
  const key = (component) => `${component.type}\n${component.name}`;
  const [left, right] = [before, after].map((list) => new Map(list.map((component) => [key(component), component])));
  const all = [...new Set([...left.keys(), ...right.keys()])];
  return all.map((name) => {
    const [a, b] = [left.get(name), right.get(name)];
    const kind = !a ? 'added' : !b ? 'removed' : a.version !== b.version ? 'changed' : 'same';
    return { name: String((b ?? a).name), kind, before: a, after: b };
  });
}

/** Changed files by the folder two levels below which they are: `[{ folder, kind, files, bytes }]`. */
export function folders(slots) {
  const found = new Map();
  for (const { id, files } of slots) {
    for (const file of files ?? []) {
      const packages = /^(.*?(?:site|dist)-packages\/[^/]+)\//.exec(file.path);
      const parts = file.path.split('/');
      const folder = packages ? packages[1] : parts.length > 1 ? parts.slice(0, Math.min(2, parts.length - 1)).join('/') : id;
      const group = found.get(folder) ?? { folder, files: [], bytes: 0 };
      group.files.push(file);
      group.bytes += (file.after?.size ?? 0) - (file.before?.size ?? 0);
      found.set(folder, group);
    }
  }
  const list = [...found.values()];
  for (const group of list) group.kind = ['added', 'removed'].find((kind) => group.files.every(({ change }) => change === kind)) ?? 'changed';
  return list.sort((a, b) => Math.abs(b.bytes) - Math.abs(a.bytes) || (a.folder < b.folder ? -1 : 1));
}

/** The comparison of two items, from the engine's `diff`. `actions` are `{ close, swap }`. */
export function comparison(a, b, difference, actions) {
  const [before, after] = [a.report.package, b.report.package];
  const list = components(componentsOf(a.attestation?.sbom), componentsOf(b.attestation?.sbom));
  const of = (kind) => list.filter((component) => component.kind === kind);
  const unchanged = b.report.slots.filter(({ id }) => !difference.slots.some((slot) => slot.id === id));
  const { signer } = difference;
  const name = after?.name ?? b.file.name;
  const same = before?.name === after?.name;
  const files = folders(difference.slots);
  const total = files.reduce((sum, group) => sum + group.files.length, 0);
  const grown = b.report.size - a.report.size;
  const chip = (symbol, text, look = '') => el('li', { class: `chip ${look}` }, icon(symbol), text);
  return el('div', { class: 'report comparison' },
    el('section', { class: 'card pad' }, el('p', { class: 'file-line' }, el('span', { class: 'badge is-calm' }, icon('compare'), 'Compared'), el('span', {}, shown(a.file.name, 60), ' with ', shown(b.file.name, 60)),
      el('span', { class: 'no-print' }, button('Swap', actions.swap, { class: 'quiet' }), button('Close', actions.close, { class: 'quiet' }))),
    el('div', { class: 'who', style: { padding: '0' } }, el('h1', { id: 'heading', tabindex: -1 }, same ? shown(name, 80) : [shown(before?.name ?? a.file.name, 60), ' → ', shown(name, 60)], ' ',
      el('span', { class: 'version' }, before && after && (before.version === after.version ? shown(before.version, 40) : [shown(before.version, 40), ' → ', shown(after.version, 40)])))),
    el('ul', { class: 'story' }, signer.changed && chip('hazard', 'signing key changed', 'is-care'),
      of('added').slice(0, 4).map(({ name: own, after: { version } }) => chip('plus', shown(`${own} ${version ?? ''}`, 60))), of('removed').slice(0, 4).map(({ name: own }) => chip('minus', shown(`${own} is gone`, 60))),
      unchanged.length > 0 && chip('same', [shown(unchanged.map(({ id }) => id).slice(0, 3).join(', '), 60), unchanged.length > 3 && ` and ${unchanged.length - 3} more`, ' identical']),
      grown !== 0 && chip(grown > 0 ? 'up' : 'down', more(grown))),
    el('p', { class: 'sentence' }, story(a, b, difference, of)),
    signer.changed && el('p', { class: 'but' }, 'A publisher’s key rarely changes. Ask them before you trust the new one.')),
    el('section', { class: 'card pad' }, el('div', { class: 'card-head' }, el('h2', {}, 'Who signed them')), el('div', { class: 'signers' }, signerBox(a, false), icon('go'), signerBox(b, signer.changed))),
    el('section', { class: 'card pad' }, el('div', { class: 'card-head' }, el('h2', {}, 'What changed in the file'), el('p', {}, 'both drawn to the same scale')), ribbons(a, b, difference), slotList(a, b, difference)),
    list.length > 0 && componentTable(list, of),
    el('section', { class: 'card pad' }, el('div', { class: 'card-head' }, el('h2', {}, 'Files'), el('p', {}, total ? `${plural(total, 'difference')} in ${plural(files.length, 'folder')}` : 'all the same')),
      files.slice(0, ROWS_MAX).map((group, at) => el('details', { class: 'folder', open: at === 0 }, el('summary', {}, sign(group.kind), el('span', {}, el('b', {}, shown(`${group.folder}/`, 120)), el('small', {}, describeFolder(group))), el('span', { class: 'number' }, more(group.bytes))),
        el('ul', {}, group.files.slice(0, ROWS_MAX).map((file) => el('li', {}, el('span', {}, el('span', { class: 'visually-hidden' }, `${file.change}: `), el('b', {}, shown(file.path.slice(file.path.lastIndexOf('/') + 1), 120)), ' ', el('span', { class: 'dim' }, shown(file.path.slice(0, file.path.lastIndexOf('/') + 1), 120), file.change !== group.kind && ` ${file.change}`)),
          el('span', { class: 'number dim' }, sizes(file)))))))),
    el('details', { class: 'card pad details' }, el('summary', {}, `Details: ${plural(difference.metadata.length, 'field')} of the metadata`),
      el('table', {}, el('tbody', {}, difference.metadata.slice(0, ROWS_MAX).map(({ path, before: was, after: is }) => el('tr', {}, el('th', { scope: 'row' }, el('code', {}, shown(path, 120))),
        el('td', {}, was === undefined ? el('span', { class: 'dim' }, 'not there') : shown(text(was), 120)), el('td', {}, is === undefined ? el('span', { class: 'dim' }, 'not there') : shown(text(is), 120))))))));
}

const text = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
const sizes = ({ before, after }) => (before && after && before.size !== after.size ? `${size(before.size)} → ${size(after.size)}` : size((after ?? before).size));
const describeFolder = ({ kind, files }) => (kind === 'added' ? plural(files.length, 'new file') : kind === 'removed' ? `${plural(files.length, 'file')} gone` : `${plural(files.length, 'file')} differ`);

function story(a, b, difference, of) {
  const parts = [];
  if (difference.identical) return 'Metadata, signer and contents are the same.';
  const known = signerName(b);
  if (!difference.signer.changed) parts.push(['Both are signed by ', el('b', {}, known ? shown(known.name, 60) : 'the same key'), '. ']);
  else if (difference.signer.after) parts.push(['The second is signed by ', el('b', {}, known ? [shown(known.name, 60), ', another key'] : 'another key, which you have not named'), '. ']);
  else parts.push([el('b', {}, 'Nobody signed the second. ')]);
  const words = [[of('added').length, 'added'], [of('removed').length, 'removed'], [of('changed').length, 'in another version']].filter(([number]) => number > 0);
  parts.push(words.length > 0 ? `Components: ${words.map(([number, word]) => `${number} ${word}`).join(', ')}.` : 'The components are the same.');
  return parts;
}

function signerBox(item, differs) {
  const { signer } = item.report;
  const known = signerName(item);
  return el('div', { class: differs ? 'differs' : '' }, el('p', { class: 'file-line' }, badge(item), el('span', {}, shown(item.report.package?.version ?? '', 40))),
    el('p', { class: 'key-name' }, signer ? known ? shown(known.name, 60) : 'No name' : 'Nobody'),
    el('p', { class: 'dim' }, known?.sample ? 'Trusted for this sample' : known?.since ? `Trusted by you on ${day(known.since)}` : signer ? 'Not a key that you trust' : 'It carries no signature'),
    signer && el('code', { class: 'dim' }, `${grouped(signer.fingerprint.slice(0, 16))}…`));
}

const changedIds = (difference) => new Set(difference.slots.map(({ id }) => id));

/** Both files to one scale, with what is in one beside what is in the other. */
function ribbons(a, b, difference) {
  const whole = Math.max(a.report.size, b.report.size, 1);
  const changed = changedIds(difference);
  const percent = (bytes) => `${(bytes / whole) * 100}%`;
  const COLOURS = ['py', 'a', 'b', 'c', 'd', 'e'];
  const ids = [...new Set([...a.report.slots, ...b.report.slots].map(({ id }) => id))];
  const fillOf = (id) => `var(--part-${id === 'launcher' ? 'sys' : COLOURS[ids.indexOf(id) % COLOURS.length]})`;
  const parts = (item) => [{ id: 'launcher', range: { start: 0, end: item.report.package?.launcher_size ?? 0 } }, ...item.report.slots].filter(({ range }) => range.end > range.start);
  const strip = (item) => el('div', { class: 'strip' }, parts(item).map(({ id, range }) => el('div', { class: `piece ${changed.has(id) ? 'differs' : ''}`, style: { '--fill': fillOf(id), left: percent(range.start), width: percent(range.end - range.start) } }, (range.end - range.start) / whole > 0.14 && el('span', {}, plain(id)))));
  const label = (item) => el('p', {}, el('b', {}, shown(item.report.package?.version ?? item.file.name, 40)), el('span', {}, `${count(item.report.size)} bytes`));
  const beam = (left) => {
    const right = parts(b).find(({ id }) => id === left.id);
    const x = (bytes) => (bytes / whole) * 1000;
    return right && svg('path', { d: `M${x(left.range.start)} 0H${x(left.range.end)}L${x(right.range.end)} 44H${x(right.range.start)}z`, fill: changed.has(left.id) ? 'var(--care-soft)' : fillOf(left.id), opacity: 0.5 });
  };
  return el('div', { class: 'ribbon', 'aria-hidden': 'true' }, label(a), strip(a), svg('svg', { viewBox: '0 0 1000 44', preserveAspectRatio: 'none', width: '100%', height: 44 }, ...parts(a).map(beam).filter(Boolean)), strip(b), label(b));
}

function slotList(a, b, difference) {
  const changes = new Map(difference.slots.map((slot) => [slot.id, slot]));
  const rows = b.report.slots.map((slot) => ({ id: slot.id, slot, change: changes.get(slot.id) })).concat(difference.slots.filter(({ change }) => change === 'removed').map((change) => ({ id: change.id, change })));
  return el('ul', { class: 'part-list' }, rows.slice(0, ROWS_MAX).map(({ id, slot, change }) => el('li', {}, sign(change?.change ?? 'same'), el('span', {}, shown(id, 60)),
    el('span', {}, !change ? `identical, ${size(length(slot))}` : change.before && change.after ? `${size(length(change.before))} → ${size(length(change.after))}` : size(length(change.after ?? change.before))))));
}

function componentTable(list, of) {
  const others = of('same');
  const said = [[of('added').length, 'added'], [of('removed').length, 'removed'], [of('changed').length, 'with another version'], [others.length, 'the same']].filter(([number]) => number > 0);
  const licence = (component) => (licences(component).length ? shown(licences(component).join(', '), 80) : el('span', { class: 'care' }, 'none stated'));
  return el('section', { class: 'card pad' }, el('div', { class: 'card-head' }, el('h2', {}, 'Components'), el('p', {}, said.map(([number, word]) => `${number} ${word}`).join(', '))),
    el('table', { class: 'stacked' }, el('thead', {}, el('tr', {}, ['Component', 'Version', 'Licence'].map((name) => el('th', { scope: 'col' }, name)))), el('tbody', {},
      ['added', 'removed', 'changed'].flatMap(of).slice(0, ROWS_MAX).map(({ name, kind, before, after }) => el('tr', {}, el('th', { scope: 'row' }, el('span', { class: 'component' }, sign(kind), shown(name, 80))),
        el('td', {}, kind === 'changed' ? [shown(before.version, 30), ' → ', el('b', {}, shown(after.version, 30))] : [shown((after ?? before).version ?? '', 30), ' ', el('span', { class: 'dim' }, kind === 'added' ? 'new' : 'gone')]), el('td', {}, licence(after ?? before)))),
      others.length > 0 && el('tr', {}, el('th', { scope: 'row' }, el('span', { class: 'component dim' }, sign('same'), plural(others.length, 'other'))), el('td', { class: 'dim' }, 'same'), el('td', { class: 'dim' }, shown(others.map(({ name }) => name).join(', '), 200))))));
}

// The page on one package: who and what, the four steps, the facts; what is inside; then everything else in tabs. The view of an item is made
// once and brought up to date: what the reader has opened, found or chosen stays.

import { billOfMaterials, componentsOf, licences } from './bill-of-materials.js';
import { byteMap, readingMap, sectionTable } from './byte-map.js';
import { contents } from './contents.js';
import { button, copyButton, el, fill, icon } from './dom.js';
import { digests, findings, path } from './findings.js';
import { plain, shown } from './hostile-text.js';
import { groups, partOf, statedGroups } from './parts.js';
import { count, day, grouped, plural, size, span } from './quantities.js';
import { starts } from './starts.js';
import { ladder } from './steps.js';
import { tabs } from './tabs.js';
import { treemap } from './treemap.js';
import { keyOf, trustedKeys } from './trusted-keys.js';
import { valueTree } from './value-tree.js';
import { badge, isBusy, looks, sentences, signerName } from './verdict.js';

const SYSTEMS = { elf: 'Linux', pe: 'Windows', macho: 'macOS', script: 'a script', unknown: 'not known' };
const PROCESSORS = { x86_64: 'x86-64', aarch64: 'Arm, 64 bits', any: 'any processor' };

/** Words under which nothing that the file says of itself is proved. */
const UNPROVED = new Set(['changed', 'damaged', 'revoked']);

/** The view of an item: `{ element, update(what) }`. `actions` are `{ trust, rename, distrust, save, saveHtml, print, compare }`. */
export function reportView(item, actions) {
  const hero = el('section', { class: 'card hero', 'aria-labelledby': 'heading' });
  const below = el('div', { class: 'report' });
  const element = el('article', { class: 'report', 'aria-label': `Report on ${plain(item.file.name)}` }, hero, below);
  let built;
  let files;
  function update(what) {
    drawHero(hero, item, actions, what);
    if (isBusy(item)) {
      if (built || !item.inspection) return;
      if (what === 'progress') below.querySelector('.byte-map')?.replaceWith(readingMap(item.inspection.report, Math.min(item.progress.done, item.file.size)));
      else fill(below, reading(item));
      return;
    }
    if (!item.full || (!item.described && item.full.verdict.word !== 'not_package')) {
      if (!item.full) fill(below);
      return;
    }
    // What is drawn depends on the file alone, but for who is trusted: that changes findings and words only.
    const state = JSON.stringify([UNPROVED.has(item.full.verdict.word), item.full.findings, item.full.contents]);
    if (state === built) return;
    built = state;
    files = undefined;
    fill(below, rest(item, (made) => { files = made; }, () => files));
  }
  update('phase');
  return { element, update };
}

function drawHero(hero, item, actions, what) {
  if (what === 'progress' || what === 'facts') {
    hero.querySelector('.steps')?.replaceWith(ladder(item));
    hero.querySelector('.facts')?.replaceWith(facts(item));
    return;
  }
  const { look } = looks(item);
  const focused = hero.contains(document.activeElement) && document.activeElement.closest('h1, .acts, .key-card')?.className;
  hero.className = `card hero is-${look}`;
  hero.dataset.phase = item.phase;
  const [say, but] = sentences(item);
  const { package: about } = item.report ?? {};
  const stated = UNPROVED.has(item.full?.verdict.word);
  fill(hero, el('div', { class: 'hero-top' },
    el('div', { class: 'who' }, el('p', { class: 'file-line' }, badge(item, { id: 'verdict-word' }), el('span', {}, shown(item.file.name, 120)), stated && el('span', {}, 'name and version as stated')),
      el('h1', { id: 'heading', tabindex: -1 }, about ? [shown(about.name, 80), ' ', el('span', { class: 'version' }, shown(about.version, 40))] : shown(item.file.name, 80)),
      el('p', { class: 'sentence' }, say), but && el('p', { class: 'but' }, but), item.sample && el('p', { class: 'sample-note' }, 'Built-in sample. ', item.sample.description),
      acts(item, actions)),
    keyCard(item, actions) ?? el('div', {})), ladder(item), facts(item));
  if (focused !== undefined && focused !== false) hero.querySelector('h1').focus();
}

function acts(item, actions) {
  if (isBusy(item)) return el('div', { class: 'acts no-print' }, button([icon('failed'), 'Cancel'], () => item.cancel()));
  if (!item.full) return el('div', { class: 'acts no-print' }, button('Check again', () => item.run(), { class: 'primary' }));
  const { verdict, signer } = item.full;
  const asks = verdict.word === 'unknown' && verdict.finished;
  return el('div', { class: 'acts no-print' }, asks && button([icon('key'), 'Name and trust this key…'], () => actions.trust(signer.fingerprint), { class: 'primary' }),
    button([icon('compare'), 'Compare with another'], () => actions.compare(item)), button([icon('save'), 'Save report'], () => actions.saveHtml(item)));
}

/** A fingerprint in groups of four. */
export function fingerprint(text, large = false) {
  return el('div', { class: `fingerprint ${large ? 'large' : ''}` }, text.match(/.{4}/g).map((group, at) => el(at < 4 ? 'b' : 'i', {}, group)));
}

function keyCard(item, actions) {
  const { full } = item;
  const signer = full?.signer;
  if (!signer || full.verdict.word === 'not_package' || full.verdict.word === 'unsigned') return null;
  const known = signerName(item);
  const card = (title, name, note, ...buttons) => el('aside', { class: 'key-card', 'aria-label': title }, el('h2', {}, icon('key'), title), el('p', { class: 'key-name' }, name), el('p', { class: 'dim' }, note),
    fingerprint(signer.fingerprint), el('div', { class: 'key-acts no-print' }, copyButton(signer.fingerprint, 'the fingerprint of the key', 'Copy'), buttons));
  const name = known ? shown(known.name, 80) : 'No name';
  switch (full.verdict.word) {
    case 'changed': return card('It names this key', name, signer.signature_valid ? 'It signed other bytes than these: trust in it says nothing of this file.' : 'The key has not signed this.');
    case 'revoked': return card('Signing key', name, 'You have revoked it.');
    case 'unsafe': return card('Signing key', name, 'Trusting it is not offered here.');
    case 'damaged': return null;
    default: break;
  }
  const own = keyOf(signer.fingerprint);
  if (own) return card('Signing key', name, own.since ? `Trusted by you on ${day(own.since)}${own.expires ? `, until ${day(own.expires)}` : ''}` : 'Trusted by you', button('Rename', () => actions.rename(signer.fingerprint), { class: 'quiet' }),
    button('Stop trusting', () => actions.distrust(signer.fingerprint), { class: 'quiet' }));
  if (known) return card('Signing key', name, 'Trusted for this sample only');
  const keys = trustedKeys().length;
  return card('Signing key', 'No name yet', keys ? `Not one of the ${plural(keys, 'key')} that you trust` : 'You trust no key yet');
}

function facts(item) {
  const { report, inspection } = item;
  const fact = (name, value, note) => el('div', {}, el('dt', {}, name), el('dd', {}, value, note && el('small', {}, note)));
  const hash = item.sha256 ? el('dd', { class: 'copied' }, el('code', { title: item.sha256 }, `${grouped(item.sha256.slice(0, 16))} … ${item.sha256.slice(-4)}`), copyButton(item.sha256, 'the whole SHA-256'))
    : el('dd', { class: 'dim' }, item.full ? 'being computed' : isBusy(item) ? 'after the check' : 'not computed');
  const { metadata } = inspection ?? {};
  const sbom = componentsOf(item.attestation?.sbom);
  const program = inspection?.launcher;
  const libc = item.attestation?.provenance?.platform?.libc ?? metadata?.build?.platform?.libc;
  const built = metadata?.build?.timestamp;
  const names = new Set(sbom.flatMap(licences));
  return el('dl', { class: 'facts' }, el('div', {}, el('dt', {}, 'SHA-256 of the file'), hash), fact('Size', size(report?.size ?? item.file.size), `${count(report?.size ?? item.file.size)} bytes`),
    fact('Runs on', program ? SYSTEMS[program.format] ?? program.format : '–', program && (PROCESSORS[program.arch] ?? program.arch)),
    typeof libc === 'string' ? fact('Needs', shown(libc, 40), 'or newer') : fact('Built by', shown(report?.package?.builder || 'not said', 40)),
    fact('Built', typeof built === 'string' ? shown(day(built), 40) : 'not said', typeof built === 'string' && 'as its builder states'),
    fact('Components', sbom.length ? count(sbom.length) : 'not said', sbom.length > 0 && plural(names.size, 'licence')));
}

function reading(item) {
  const report = item.inspection.report;
  return el('section', { class: 'card pad' }, el('div', { class: 'card-head' }, el('h2', {}, 'What is inside'), el('p', {}, 'drawn when all four steps have ended')),
    el('div', { class: 'stated' }, report.slots.filter(({ lifecycle }) => lifecycle !== 'attestation').slice(0, 6).map((slot) => el('div', { style: { flex: String(Math.max(1, slot.original_size_hint)) } }, el('b', {}, plain(slot.id)), `${size(slot.original_size_hint)}, as stated`))),
    readingMap(report, 0));
}

function rest(item, keep, kept) {
  const { full: report } = item;
  const panels = [];
  const show = (name, then) => { made.choose(name); made.element.scrollIntoView({ block: 'start' }); then?.(); };
  const files = () => kept() ?? (() => { const view = contents(item); keep(view); return view; })();
  const sbom = componentsOf(item.attestation?.sbom);
  const drawn = partsOf(item);
  const lines = item.inspection?.starts ?? [];
  const stated = UNPROVED.has(report.verdict.word);
  const unsaid = sbom.filter((component) => licences(component).length === 0).length;
  const count1 = [...item.listings.values()].flat().filter(({ type }) => type === 'file');
  const single = report.slots.filter(({ archive }) => !archive).length;
  const refused = report.findings.filter(({ path: file, severity }) => file !== undefined && severity === 'error').length + item.refused.size;
  const environment = lines.find(({ topic }) => topic === 'environment');
  const card = (title, note, ...more) => el('section', { class: 'card pad' }, el('div', { class: 'card-head' }, el('h2', {}, title), note && el('p', {}, note)), more);
  const guard = (draw) => () => (stated ? [el('p', { class: 'notice' }, el('strong', {}, 'Not proved: '), 'what follows is what the file says of itself, and may be made up.'), draw()] : draw());
  panels.push(
    { name: 'Components', tile: sbom.length ? { title: plural(sbom.length, 'component'), note: stated ? 'as stated, not proved' : unsaid ? `${unsaid} without a stated licence` : 'all with a stated licence', look: unsaid && !stated ? 'care' : '' } : { title: 'No components', note: 'it carries no bill of materials' },
      draw: guard(() => billOfMaterials(item.attestation?.sbom, item.attestation?.authenticated && !stated, (name) => partOf(drawn, name))) },
    { name: 'How it runs', tile: { title: runs(sbom), note: environment ? environment.pieces.map(({ words, said }) => plain(words ?? said)).join('').slice(0, 90) : 'not said', look: lines.some(({ topic }) => topic === 'caution') ? 'care' : '' },
      draw: guard(() => card('How it runs', stated ? 'as the file states' : 'as the signed metadata say', starts(lines))) },
    { name: 'Files', tile: { title: `${plural(count1.length + single, 'file')}, ${size(count1.reduce((sum, { size: bytes }) => sum + bytes, 0) + report.slots.filter(({ archive }) => !archive).reduce((sum, slot) => sum + slot.original_size_hint, 0))}`,
      note: refused ? `${refused} refused` : stated ? 'in a file that was changed' : `in ${plural(report.slots.length, 'slot')}`, look: refused ? 'bad' : '' }, draw: () => files().element },
    { name: 'Findings', draw: () => card('Findings', plural(report.findings.length, 'finding'), findings(report), proofs(report)) },
    { name: 'Provenance', draw: guard(() => card('Provenance', 'what the builder says of itself; nobody else confirms it', provenance(item))) },
    { name: 'Metadata', draw: guard(() => card('Metadata', stated ? 'as stated' : 'as signed', item.inspection?.metadata ? el('div', { class: 'tree-values' }, valueTree(item.inspection.metadata)) : el('p', { class: 'empty' }, 'The metadata could not be read.'))) },
    { name: 'Sections', draw: () => card('Sections of the file', null, sectionTable(report)) },
  );
  const made = tabs('Look closer', panels, refused ? 'Files' : 'Components');
  const openPart = (part) => show('Files', () => files().search(part.group === 'library' || part.group === 'other' ? part.name : ''));
  return [mismatch(item), found(report, (file) => show('Files', () => files().search(file.slice(file.lastIndexOf('/') + 1)))), report.slots.length > 0 || report.coverage.length > 1 ? inside(item, drawn, openPart) : null, made.element];
}

const runs = (sbom) => {
  const python = sbom.find(({ name }) => /^(c?python)$/i.test(String(name)));
  return python ? `Runs Python ${plain(python.version).split('.').slice(0, 2).join('.')}` : 'How it runs';
};

function proofs({ verdict }) {
  const list = (title, all) => all.length > 0 && [el('h3', {}, title), el('ul', { class: 'lines' }, all.map(({ text }) => el('li', {}, shown(text, 400))))];
  return el('div', { class: 'prose' }, list('What is proved', verdict.proved), list('What is not proved', verdict.open));
}

/** What of the contents is refused, or is more than it should be. */
function found(report, onshow) {
  const list = report.findings.filter(({ path: file, severity }) => file !== undefined && severity !== 'info').sort((a, b) => (a.severity === 'error' ? 0 : 1) - (b.severity === 'error' ? 0 : 1));
  const refusals = report.findings.filter(({ path: file, severity }) => file === undefined && severity === 'error' && report.verdict.word === 'unsafe');
  if (list.length + refusals.length === 0) return null;
  return el('section', { class: 'card pad' }, el('div', { class: 'card-head' }, el('h2', {}, 'What was found'), el('p', {}, `${plural(list.length + refusals.length, 'finding')} about the contents`)),
    el('ul', { class: 'findings' }, refusals.map((finding) => el('li', { class: 'is-error' }, icon('hazard'), el('div', {}, el('p', {}, shown(finding.message, 300)), el('p', { class: 'dim' }, shown(finding.part, 60))))),
      list.slice(0, 20).map((finding) => el('li', { class: `is-${finding.severity}` }, icon('hazard'), el('div', {}, path(finding.path), el('p', { class: 'dim' }, shown(finding.message, 200))),
        button('Show', () => onshow(finding.path), { class: 'no-print' })))));
}

/** Parts that are not what was signed. */
function mismatch(item) {
  const differing = item.differing();
  if (differing.length === 0) return null;
  const { report } = item;
  const parts = [['launcher', { start: 0, end: report.package?.launcher_size ?? 0 }], ...report.slots.map(({ id, range }) => [id, range])].filter(([, { start, end }]) => end > start);
  const differs = (range) => report.coverage.some((part) => part.class === 'failed' && part.range.start < range.end && range.start < part.range.end);
  return el('section', { class: 'card pad' }, el('div', { class: 'card-head' }, el('h2', {}, 'What does not match')), differing.slice(0, 4).map(({ name, range, expected, found: other }) => [
    el('p', {}, el('b', {}, shown(name, 60)), range && el('span', { class: 'dim' }, `, bytes ${span(range)}`)), digests(expected, other)]),
  el('p', { class: 'but' }, 'SHA-256. One changed byte changes the whole digest, so it says that the part was changed, not where.'),
  el('ul', { class: 'part-list' }, parts.slice(0, 40).map(([name, range]) => el('li', {}, icon(differs(range) ? 'failed' : 'done', differs(range) ? 'bad' : ''), el('span', { class: differs(range) ? 'differs' : '' }, shown(name, 60)), el('span', {}, differs(range) ? 'differs' : 'as signed')))));
}

/** What is drawn of an item. */
function partsOf(item) {
  const { full: report } = item;
  const failed = (range) => report.coverage.some((part) => part.class === 'failed' && part.range.start < range.end && range.start < part.range.end);
  const flagged = new Set(report.findings.filter(({ severity, path: file }) => severity === 'error' && file !== undefined).map(({ part, path: file }) => `${part.replace('slot ', '')}\n${file}`));
  return report.state === 'broken' ? statedGroups(report, failed) : groups(report, item.listings, componentsOf(item.attestation?.sbom), flagged);
}

function inside(item, made, onopen) {
  const { full: report } = item;
  const unpacked = report.slots.reduce((sum, slot) => sum + slot.original_size_hint, 0);
  const broken = report.state === 'broken';
  return el('section', { class: 'card pad', 'aria-labelledby': 'inside' }, el('div', { class: 'card-head' }, el('h2', { id: 'inside' }, 'What is inside'),
    el('p', {}, broken ? 'red is what was changed; sizes and names are stated' : `${size(unpacked)} when unpacked, ${size(report.size)} in the file`)),
  report.slots.length > 0 && treemap(made, { onopen }), byteMap(report, item.file instanceof Blob ? item.file : null));
}

function provenance(item) {
  const record = item.attestation?.provenance;
  const build = item.inspection?.metadata?.build;
  if (!record && !build) return el('p', { class: 'empty' }, 'The package does not say how it was built.');
  return el('div', { class: 'tree-values' }, record && !item.attestation.authenticated && el('p', { class: 'notice' }, 'The signature does not cover it by a full digest.'), valueTree(record ?? build));
}


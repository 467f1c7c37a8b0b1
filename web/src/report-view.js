// The page on one package: verdict first, then the byte map, then everything else in tabs.

import { billOfMaterials } from './bill-of-materials.js';
import { byteMap } from './byte-map.js';
import { contents } from './contents.js';
import { button, el, fill, icon } from './dom.js';
import { execution } from './execution.js';
import { findings } from './findings.js';
import { plain, shown } from './hostile-text.js';
import { count, grouped, size } from './quantities.js';
import { tabs } from './tabs.js';
import { isTrusted } from './trusted-keys.js';
import { valueTree } from './value-tree.js';
import { verdict, waiting } from './verdict.js';

const FORMATS = { elf: 'Linux program (ELF)', pe: 'Windows program (PE)', macho: 'macOS program (Mach-O)', script: 'Script', unknown: 'Not a known kind of program' };
const PHASES = { reading: 'Reading the head', verifying: 'Reading every byte', listing: 'Reading the names in the archives' };

/** What the page says of an item at this moment: kind, word, sentence, proofs. */
export function standing(item) {
  if (item.phase === 'cancelled') return { kind: 'unsigned', word: 'Cancelled', sentence: 'Not every byte was read, so nothing is proved.', proved: [], open: [] };
  if (item.phase === 'failed') return { kind: 'invalid', word: 'Could not be read', sentence: plain(item.error?.message ?? 'The file could not be read.'), proved: [], open: [] };
  if (!item.full) return waiting(item.inspection);
  return verdict(item.full, item.hostile, item.entries);
}

/** The view of an item. `actions` are `{ trust, distrust, exportReport }`. */
export function reportView(item, actions) {
  const { report } = item;
  const view = el('article', { class: 'report', 'aria-label': `Report on ${plain(item.file.name)}` }, verdictCard(item, actions));
  if (!report) return view;
  const broken = report.state === 'broken';
  if (item.full) view.append(byteMap(item.full, item.file instanceof Blob ? item.file : null));
  const metadata = item.inspection?.metadata;
  const sbom = item.attestation?.sbom;
  const total = report.findings.length + (item.content?.length ?? 0);
  view.append(tabs('Parts of the report', [
    { name: 'Findings', note: total || undefined, draw: () => findings(report, item.content) },
    { name: 'Contents', note: report.slots.length || undefined, draw: () => guarded(broken, () => contents(item)) },
    { name: 'How it runs', draw: () => guarded(broken, () => execution(metadata)) },
    { name: 'Components', note: sbom?.components?.length, draw: () => billOfMaterials(sbom) },
    { name: 'Provenance', draw: () => guarded(broken, () => provenance(item.attestation, metadata)) },
    { name: 'Metadata', draw: () => guarded(broken, () => (metadata ? el('div', { class: 'tree-values' }, valueTree(metadata)) : el('p', { class: 'empty' }, 'The metadata could not be read.'))) },
  ], item.tab, (name) => { item.tab = name; }));
  return view;
}

function guarded(broken, draw) {
  if (!broken) return draw();
  return el('div', {}, el('p', { class: 'notice' }, el('strong', {}, 'Not proved: '), 'the package is broken, so what follows may be made up.'), draw());
}

function provenance(attestation, metadata) {
  const record = attestation?.provenance;
  const signed = !record || attestation.authenticated;
  const build = metadata?.build;
  if (!record && !build) return el('p', { class: 'empty' }, 'The package does not say how it was built.');
  return el('div', { class: 'tree-values' },
    el('p', { class: 'dim' }, `What the builder says of itself. The signature ${signed ? 'covers it' : 'does not cover it by a full digest'}; nobody else confirms it.`),
    record ? valueTree(record) : valueTree(build));
}

function verdictCard(item, actions) {
  const { kind, word, sentence, proved, open } = standing(item);
  return el('section', { class: `verdict is-${kind}`, dataset: { phase: item.phase }, 'aria-labelledby': 'verdict-word' },
    el('div', { class: 'verdict-main' }, el('div', { class: 'seal' }, icon(kind)),
      el('div', {}, el('h1', { id: 'verdict-word', tabindex: -1 }, word), el('p', { class: 'sentence' }, sentence), item.sample && sampleNote(item), progress(item))),
    (proved.length > 0 || open.length > 0) && el('div', { class: 'proofs' },
      proofs('What is proved', proved, 'proved'), proofs('What is not proved', open, 'open')),
    facts(item, actions),
    item.phase === 'done' && el('div', { class: 'actions no-print' }, button('Save report (JSON)', actions.exportReport), button('Print', actions.print)));
}

function sampleNote({ sample }) {
  return el('p', { class: 'dim' }, 'Built-in sample. ', sample.description);
}

function proofs(title, list, kind) {
  return list.length > 0 && el('div', { class: kind }, el('h2', {}, title), el('ul', {}, list.map((text) => el('li', {}, text))));
}

function progress(item) {
  if (!(item.phase in PHASES)) {
    return item.phase === 'cancelled' && el('p', {}, button('Verify again', () => item.run(), { class: 'primary' }));
  }
  const bar = el('progress', { max: 1, value: 0, 'aria-label': PHASES[item.phase] });
  const text = el('span', { class: 'dim' });
  const node = el('div', { class: 'progress' }, bar, text, button('Cancel', () => item.cancel()));
  node.update = () => {
    const { done, total } = item.progress;
    bar.value = total > 0 ? done / total : 0;
    fill(text, item.phase === 'verifying' ? `${size(done)} of ${size(total)}` : PHASES[item.phase]);
  };
  node.update();
  return node;
}

function facts(item, actions) {
  const { report, inspection } = item;
  if (!report) return el('dl', { class: 'facts' }, fact('File', shown(item.file.name, 120)), fact('Size', size(item.file.size)));
  const program = inspection?.launcher;
  const signer = report.signer;
  return el('dl', { class: 'facts' },
    report.package && fact('Package', [el('strong', {}, shown(report.package.name, 80)), ' ', shown(report.package.version, 40)]),
    fact('File', [shown(item.file.name, 120)]),
    fact('Size', [size(report.size), el('span', { class: 'dim' }, ` ${count(report.size)} bytes`)]),
    program && fact('Runs on', [FORMATS[program.format] ?? program.format, program.arch && `, ${program.arch}`]),
    report.package && fact('Built by', shown(report.package.builder || 'not said', 60)),
    el('div', { class: 'wide' }, el('dt', {}, 'Signing key'), el('dd', {}, signer ? [
      el('code', { class: 'digest' }, grouped(signer.fingerprint)),
      !signer.signature_valid && report.trust === 'unsigned' && el('span', { class: 'dim' }, ' named, but it has not signed'),
      signer.signature_valid && report.state !== 'broken' && el('span', { class: 'no-print' }, ' ', isTrusted(signer.fingerprint)
        ? button('Stop trusting this key', () => actions.distrust(signer.fingerprint), { class: 'small' })
        : report.trust !== 'revoked' && !item.keys.includes(signer.fingerprint) && button('Trust this key', () => actions.trust(signer.fingerprint, report.package?.name), { class: 'small' })),
    ] : el('span', { class: 'dim' }, 'none'))));
}

function fact(name, value) {
  return el('div', {}, el('dt', {}, name), el('dd', {}, value));
}

// The start: a live sample beside the drop box, and samples named by what people ask.

import { el, fill, icon } from './dom.js';
import { shown } from './hostile-text.js';
import { componentsOf } from './bill-of-materials.js';
import { groups } from './parts.js';
import { PackageItem } from './package-item.js';
import { sentences, badge, looks } from './verdict.js';
import { treemap } from './treemap.js';

const NAMES = ['Signature', 'Every byte', 'Contents', 'Signer'];

/** Fills the list of samples; `open(samples)` is told which are wanted. */
export function questions(place, samples, open) {
  fill(place, samples.map((sample) => el('li', {}, el('button', { type: 'button', class: `question is-${sample.look}`, title: sample.title, onclick: () => open([sample]) },
    icon(sample.icon), el('span', {}, sample.question), icon('right')))),
  el('li', {}, el('button', { type: 'button', class: 'question is-calm', onclick: () => open(samples.filter(({ compared }) => compared), true) }, icon('compare'), el('span', {}, 'What changed between two versions?'), icon('right'))));
}

/** Verifies a sample for real, and shows what comes of it. */
export async function liveSample(place, sample) {
  const item = new PackageItem(await sample.file(), { sample, onchange: (_, what) => what === 'described' && draw() });
  function draw() {
    const [say] = sentences(item);
    const done = item.full?.verdict.finished;
    fill(place, el('div', { class: `is-${looks(item).look}` }, badge(item), el('p', { class: 'live-name' }, shown(item.report.package?.name ?? '', 60), ' ', el('span', {}, shown(item.report.package?.version ?? '', 40))), el('p', {}, say),
      el('ol', { class: 'mini' }, NAMES.map((name) => el('li', {}, el('i', {}, icon(done ? 'done' : 'undone')), name))),
      treemap(groups(item.full, item.listings, componentsOf(item.attestation?.sbom)), { bare: true })));
  }
  await item.run();
  item.close();
}

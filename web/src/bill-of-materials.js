// The software bill of materials as a table.

import { el, fill } from './dom.js';
import { shown } from './hostile-text.js';
import { plural, size } from './quantities.js';

/** Rows that are drawn at once; the search finds the others. */
const ROWS_MAX = 300;

const text = (value) => (typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value));

/** The licences of a CycloneDX component: expressions, ids or names. */
export function licences(component) {
  const list = Array.isArray(component?.licenses) ? component.licenses : [];
  return list.map((entry) => text(entry?.expression ?? entry?.license?.id ?? entry?.license?.name)).filter(Boolean);
}

/** The components of a CycloneDX document. */
export const componentsOf = (sbom) => (Array.isArray(sbom?.components) ? sbom.components.filter((component) => component && typeof component === 'object') : []);

/** The panel on a CycloneDX document. */
export function billOfMaterials(sbom, signed, part = () => undefined) {
  const components = componentsOf(sbom);
  if (!sbom) return el('section', { class: 'card pad' }, el('p', { class: 'empty' }, 'This package carries no bill of materials: what it is made of is not said.'));
  const counts = new Map();
  for (const component of components) for (const licence of licences(component)) counts.set(licence, (counts.get(licence) ?? 0) + 1);
  const rows = el('tbody');
  const status = el('span', { class: 'dim', role: 'status' });
  const search = el('input', { type: 'search', class: 'field', placeholder: 'Find a component or licence', 'aria-label': 'Find a component or licence', oninput: () => draw() });
  const lines = components.map((component) => ({ component, words: [component.name, component.version, component.purl, component.type, ...licences(component)].map(text).join(' ').toLowerCase() }));
  function draw() {
    const words = search.value.trim().toLowerCase();
    const found = lines.filter((line) => line.words.includes(words));
    fill(rows, found.slice(0, ROWS_MAX).map(({ component }) => el('tr', {},
      el('th', { scope: 'row' }, el('span', { class: 'component' }, el('span', { class: 'swatch', style: { '--fill': `var(--part-${part(component.name)?.kind ?? 'seal'})` } }), el('span', {}, shown(text(component.name), 80), ' ', el('span', { class: 'number' }, shown(text(component.version), 40))))),
      el('td', {}, licences(component).length ? licences(component).map((licence, at) => [at > 0 && ', ', shown(licence, 60)]) : el('span', { class: 'care' }, 'none stated')),
      el('td', { class: 'dim' }, shown(text(component.type), 30)), el('td', { class: 'number end' }, part(component.name) ? size(part(component.name).size) : ''))));
    fill(status, found.length > ROWS_MAX ? `The first ${ROWS_MAX} of ${plural(found.length, 'component')}` : plural(found.length, 'component'));
  }
  draw();
  return el('section', { class: 'card pad' },
    el('div', { class: 'card-head' }, el('h2', {}, 'Components'), el('p', {}, `as the ${signed ? 'signed ' : ''}bill of materials states them`)),
    counts.size > 0 && el('ul', { class: 'tags', 'aria-label': 'Licences' }, [...counts].sort((a, b) => b[1] - a[1]).slice(0, 24).map(([licence, times]) =>
      el('li', {}, shown(licence, 60), el('span', { class: 'dim' }, ` ${times}`)))),
    components.length > 12 && search,
    el('table', { class: 'stacked' }, el('thead', {}, el('tr', {}, ['Component', 'Licence', 'Type'].map((name) => el('th', { scope: 'col' }, name)), el('th', { scope: 'col', class: 'end' }, 'Unpacked'))), rows),
    el('p', { class: 'dim' }, status));
}

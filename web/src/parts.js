// What the files of a package belong to, by where they are: for the drawing of its contents. Nothing is decided by it.

import { licences } from './bill-of-materials.js';
import { plural } from './quantities.js';

/** Colours of libraries, the largest first. */
const COLOURS = ['a', 'b', 'c', 'd', 'e'];

/** Smallest share of the whole that is drawn to scale. */
const SMALL = 0.01;

const plain = (name) => String(name).toLowerCase().replace(/[-_.]+/g, '-');

/** Colour and size of a component, by its name. */
export function partOf(made, name) {
  return made && [...made.list.flatMap(({ parts }) => parts), ...made.small].find((part) => plain(part.name) === plain(name));
}

/** Which part a path belongs to: `[group, name]`. */
function place(path) {
  const python = /^(?:.*\/)?lib\/(python\d+\.\d+)\/(.+)$/.exec(path);
  if (python) {
    const inside = /^(?:site|dist)-packages\/([^/]+)/.exec(python[2]);
    if (inside) return ['library', inside[1]];
    return ['python', python[2].startsWith('lib-dynload/') ? 'Native modules' : 'Standard library'];
  }
  if (/(^|\/)(bin\/python[\d.]*|lib\/libpython[^/]*)$/.test(path)) return ['python', 'Interpreter'];
  const library = /(^|\/)lib\/(lib[a-z0-9_+-]+?)(-?[\d.]*)\.so/i.exec(path);
  if (library) return ['python', /^lib(ssl|crypto)$/.test(library[2]) ? 'OpenSSL' : 'System libraries'];
  const top = path.split('/');
  return ['other', top.length > 1 ? top[0] : path];
}

const KINDS = { 'Standard library': 'std', Interpreter: 'py', 'Native modules': 'nat', OpenSSL: 'sys', 'System libraries': 'sys' };

/**
 * Groups of parts: `[{ name, size, small?, parts: [{ name, size, files, kind, note, slot?, prefix? }] }]`. `listings` are the entries
 * of the slots by number, `components` those of the bill of materials.
 */
export function groups(report, listings, components, flagged = new Set()) {
  const versions = new Map(components.map((component) => [plain(component.name), component]));
  const found = new Map();
  const add = (group, name, size, more) => {
    const key = `${group}\n${name}`;
    const part = found.get(key) ?? { group, name, size: 0, files: 0, ...more };
    part.size += size;
    part.files += 1;
    found.set(key, part);
    return part;
  };
  const distributions = new Set();
  for (const entries of listings.values()) {
    for (const { path } of entries) {
      const info = /(?:site|dist)-packages\/([^/]+?)-[^-/]+\.dist-info\//.exec(path);
      if (info) distributions.add(plain(info[1]));
    }
  }
  const owner = (folder) => {
    const name = plain(folder.replace(/-[^-]*\.(dist-info|data)$/, '').replace(/\.(libs|py|pth|so)$|\.cpython-.*$/, ''));
    if (distributions.has(name)) return name;
    return [...distributions].find((known) => known.startsWith(`${name}-`)) ?? name;
  };
  for (const slot of report.slots) {
    const entries = listings.get(slot.index);
    if (!entries) {
      add(slot.lifecycle === 'attestation' ? 'seal' : 'other', slot.id, slot.original_size_hint, { slot: slot.index });
      continue;
    }
    for (const entry of entries) {
      if (entry.type !== 'file') continue;
      const [group, name] = place(entry.path);
      const part = add(group, group === 'library' ? owner(name) : name, entry.size, { slot: slot.index });
      if (flagged.has(`${slot.index}\n${entry.path}`)) part.flagged = true;
    }
  }
  const own = plain(report.package?.name ?? '');
  const launcher = report.package?.launcher_size ?? 0;
  const parts = [...found.values()];
  for (const part of parts) {
    const component = versions.get(plain(part.name));
    if (component) part.name = component.name;
    part.title = component?.version ? `${part.name} ${component.version}` : part.name;
    part.own = part.group !== 'python' && plain(part.name) === own;
    part.note = [plural(part.files, 'file'), component ? licences(component)[0] ?? 'no licence stated' : null].filter(Boolean).join(' · ');
  }
  const whole = parts.reduce((sum, { size }) => sum + size, 0) || 1;
  const small = [];
  const of = (name, title) => {
    const chosen = parts.filter((part) => part.group === name).sort((a, b) => b.size - a.size);
    const tiny = chosen.reduce((sum, { size }) => sum + size, 0) < whole * SMALL;
    const kept = chosen.filter((part) => !tiny && !(part.own && part.size < whole * SMALL));
    small.push(...chosen.filter((part) => !kept.includes(part)));
    kept.forEach((part, at) => { part.kind = part.own ? 'own' : KINDS[part.name] ?? COLOURS[Math.min(at, COLOURS.length - 1)]; });
    return { name: title, size: kept.reduce((sum, { size }) => sum + size, 0), parts: kept };
  };
  const python = components.find(({ name }) => plain(name) === 'python' || plain(name) === 'cpython');
  const list = [of('python', python ? `Python ${python.version}` : 'Python'), of('library', 'Libraries'), of('other', 'Contents')];
  const seal = (name, size, note) => size > 0 && small.push({ name, title: name, size, kind: 'seal', note });
  for (const part of parts.filter(({ group }) => group === 'seal')) seal('attestation', part.size, 'bill of materials and provenance');
  seal('launcher', launcher, 'starts the program');
  seal('metadata', report.package?.metadata_size ?? 0, 'what the signature covers');
  for (const part of small) part.kind ??= part.own ? 'own' : 'seal';
  return { list: list.filter(({ parts: some }) => some.length > 0), small: small.sort((a, b) => (b.kind === 'own') - (a.kind === 'own')).slice(0, 5), whole };
}

/** The groups of a package whose parts are not known to be what was signed: its slots, as the file states them. */
export function statedGroups(report, failed) {
  const parts = report.slots.filter(({ lifecycle }) => lifecycle !== 'attestation').map((slot, at) => ({
    name: slot.id, title: slot.id, size: Math.max(1, slot.original_size_hint), slot: slot.index, kind: COLOURS[at % COLOURS.length],
    failed: failed(slot.range), note: failed(slot.range) ? 'as stated; these bytes are not what was signed' : 'as stated',
  }));
  const launcher = report.package?.launcher_size ?? 0;
  const small = launcher ? [{ name: 'launcher', title: 'launcher', size: launcher, kind: 'seal', note: 'starts the program', failed: failed({ start: 0, end: launcher }) }] : [];
  const matching = parts.filter((part) => !part.failed);
  const broken = parts.filter((part) => part.failed);
  const group = (name, chosen, hurt) => ({ name, hurt, size: chosen.reduce((sum, { size }) => sum + size, 0), parts: chosen });
  return { list: [group('As signed', matching), group('Changed', broken, true)].filter(({ parts: some }) => some.length > 0), small };
}

// The file as a thin strip: every byte once, by what is there and how well it is protected; a part of it enlarged below.

import { button, el, fill, icon, svg, textButton } from './dom.js';
import { hexDump } from './hex.js';
import { plain, shown } from './hostile-text.js';
import { count, plural, size, span } from './quantities.js';
import { PROTECTION } from './verdict.js';

/** Narrowest section that is drawn by itself, in pixels; narrower neighbours are drawn as one. */
const SECTION_MIN = 3;

/** Narrowest section that can be chosen. */
const TOUCH = 24;

/** Bytes of a section that are shown as hex. */
const HEX_BYTES = 128;

/** Rows of the table of sections. */
const ROWS_MAX = 400;

const STRENGTH = Object.keys(PROTECTION);
const weaker = (a, b) => (STRENGTH.indexOf(a) >= STRENGTH.indexOf(b) ? a : b);

/** Neighbours of one part and class as one section: the engine lists the index field by field. */
export function sections(coverage, slots) {
  const joined = [];
  for (const { range, part, class: protection, reason } of coverage) {
    const last = joined.at(-1);
    if (last && last.part === part && last.protection === protection && last.end === range.start) {
      last.end = range.end;
      if (!last.reasons.includes(reason)) last.reasons.push(reason);
    } else if (range.end > range.start) {
      joined.push({ start: range.start, end: range.end, part, protection, reasons: [reason] });
    }
  }
  for (const section of joined) {
    const slot = slots.find(({ range }) => range.start === section.start && range.end >= section.end && range.end > range.start);
    section.name = slot ? slot.id : section.part;
  }
  return joined;
}

/** What is drawn in a window of `width` pixels: sections, with runs of narrow ones joined under their weakest class. */
export function drawn(all, view, width) {
  const scale = width / (view.end - view.start);
  const result = [];
  for (const section of all) {
    const start = Math.max(section.start, view.start);
    const end = Math.min(section.end, view.end);
    if (end <= start) continue;
    const narrow = (end - start) * scale < SECTION_MIN;
    const last = result.at(-1);
    if (narrow && last?.narrow) {
      last.end = end;
      last.sections.push(section);
      last.protection = weaker(last.protection, section.protection);
    } else {
      result.push({ start, end, narrow, sections: [section], protection: section.protection });
    }
  }
  return result;
}

/** The window that is enlarged at first: what is weakest, else what is too small to be seen. */
function first(all, whole) {
  const largest = (protection) => all.filter((section) => section.protection === protection).sort((a, b) => b.end - b.start - (a.end - a.start))[0];
  const worst = STRENGTH.slice(1).reverse().map(largest).find(Boolean);
  if (worst && worst.end - worst.start < whole.end * 0.9) {
    const margin = Math.max(64, (worst.end - worst.start) * 0.1);
    return [worst, { start: Math.max(0, worst.start - margin), end: Math.min(whole.end, worst.end + margin) }];
  }
  const from = [6, 5, 4, 3, 2].map((number) => all.at(-number)).find((section) => section && whole.end - section.start < whole.end / 4);
  if (!from) return [worst ?? all[0], whole];
  const window = { start: Math.max(0, from.start - (whole.end - from.start) * 0.05), end: whole.end };
  return [all.filter(({ start }) => start >= from.start).sort((a, b) => b.end - b.start - (a.end - a.start))[0], window];
}

/** The map of a report; `blob` gives the bytes for the hex view. */
export function byteMap(report, blob) {
  const all = sections(report.coverage, report.slots);
  const whole = { start: 0, end: Math.max(report.size, 1) };
  let [chosen, view] = first(all, whole);
  const strip = el('div', { class: 'strip', role: 'group', 'aria-label': 'The whole file, drawn to scale' });
  const lens = el('div', { class: 'strip lens', role: 'group', 'aria-label': 'Enlarged' });
  const beam = svg('path', {});
  const scale = el('div', { class: 'scale', 'aria-hidden': 'true' });
  const detail = el('div', { class: 'detail', 'aria-live': 'polite' });
  const box = el('section', { class: 'byte-map', 'aria-labelledby': 'map-title' });

  const choose = (section) => {
    chosen = section;
    for (const node of lens.children) node.toggleAttribute('data-chosen', node.sections.includes(section));
    fill(detail, describe(section, blob));
  };
  const show = (next) => {
    const length = Math.max(64, Math.min(next.end - next.start, whole.end));
    const start = Math.max(0, Math.min(Math.floor(next.start), whole.end - length));
    view = { start, end: Math.min(whole.end, start + length) };
    draw();
  };
  const zoom = (factor) => {
    const inView = chosen && chosen.start < view.end && chosen.end > view.start;
    const centre = inView ? (Math.max(chosen.start, view.start) + Math.min(chosen.end, view.end)) / 2 : (view.start + view.end) / 2;
    const length = (view.end - view.start) * factor;
    show({ start: centre - length / 2, end: centre + length / 2 });
  };
  const zoomTo = (section) => {
    const margin = Math.max(8, (section.end - section.start) * 0.05);
    show({ start: section.start - margin, end: section.end + margin });
    choose(section);
  };
  const step = (by) => {
    const next = all[Math.max(0, Math.min(all.length - 1, all.indexOf(chosen) + by))];
    if (!next) return;
    if (next.start < view.start || next.end > view.end) show({ start: next.start - 8, end: next.start - 8 + Math.max(view.end - view.start, next.end - next.start + 16) });
    choose(next);
    Array.from(lens.children).find((node) => node.sections.includes(next))?.focus();
  };

  function pieces(target, window, onpiece, enlarged) {
    const across = target.clientWidth || box.clientWidth || 900;
    const length = window.end - window.start;
    const focused = target.contains(document.activeElement);
    fill(target, drawn(all, window, across).map((piece) => {
      const [section] = piece.sections;
      const joined = piece.sections.length > 1;
      const name = plain(joined ? plural(piece.sections.length, 'small section') : section.name);
      const pixels = ((piece.end - piece.start) / length) * across;
      const cut = `${!joined && section.start < window.start ? 'cut-start' : ''} ${!joined && section.end > window.end ? 'cut-end' : ''}`;
      const failed = piece.protection === 'failed';
      const said = `bytes ${count(piece.start)} to ${count(piece.end - 1)}, ${PROTECTION[piece.protection].word}`;
      const named = pixels >= Math.max(TOUCH, name.length * 7.6 + 24);
      const node = el('button', {
        type: 'button', class: `piece is-${piece.protection} ${cut}`, style: { left: `${((piece.start - window.start) / length) * 100}%`, width: `${((piece.end - piece.start) / length) * 100}%` },
        'aria-label': named ? null : `${name}, ${said}`, title: `${name}: ${size(piece.end - piece.start)}, ${PROTECTION[piece.protection].word}`,
        tabindex: enlarged && piece.sections.includes(chosen) ? 0 : -1, onclick: () => onpiece(piece),
        onfocus: () => { if (enlarged && !piece.sections.includes(chosen)) choose(section); },
      }, named && [el('span', {}, name, failed && pixels > 220 && ' does not match'), enlarged && [' ', el('small', {}, size(section.end - section.start))], el('span', { class: 'visually-hidden' }, ` ${said}`)]);
      node.sections = piece.sections;
      return node;
    }));
    if (enlarged && !target.querySelector('[tabindex="0"]') && target.firstChild) target.firstChild.tabIndex = 0;
    if (focused) target.querySelector('[tabindex="0"]')?.focus();
  }

  function draw() {
    const length = view.end - view.start;
    box.classList.toggle('whole', false);
    pieces(strip, whole, (piece) => zoomTo(piece.sections[0]), false);
    pieces(lens, view, (piece) => (piece.sections.length > 1 ? (show({ start: piece.start - 8, end: piece.end + 8 }), choose(piece.sections[0])) : choose(piece.sections[0])), true);
    for (const node of lens.children) node.toggleAttribute('data-chosen', node.sections.includes(chosen));
    const [a, b] = [(view.start / whole.end) * 1000, (view.end / whole.end) * 1000];
    beam.setAttribute('d', `M${Math.min(a, 997)} 0H${Math.max(b, a + 3)}L1000 20H0z`);
    const times = Math.max(1, Math.round(whole.end / length));
    fill(scale, el('span', {}, count(view.start)), el('span', {}, times > 1 ? `${size(length)}, ${count(times)}× enlarged` : `the whole file, ${size(whole.end)}`), el('span', {}, count(view.end)));
  }

  lens.addEventListener('keydown', (event) => {
    const act = { ArrowRight: () => step(1), ArrowLeft: () => step(-1), Home: () => step(-all.length), End: () => step(all.length),
      '+': () => zoom(0.5), '=': () => zoom(0.5), '-': () => zoom(2), 0: () => show(whole) }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  let last = 0;
  new ResizeObserver(() => {
    if (box.clientWidth === last) return;
    last = box.clientWidth;
    draw();
  }).observe(box);
  if (chosen) choose(chosen);
  box.append(el('div', { class: 'card-head' }, el('h3', { id: 'map-title' }, 'Byte map'), el('p', {}, summary(report)),
    el('div', { class: 'tools', role: 'group', 'aria-label': 'Zoom of the byte map' },
      button(icon('minus'), () => zoom(2), { class: 'square', 'aria-label': 'Zoom out' }), button(icon('plus'), () => zoom(0.5), { class: 'square', 'aria-label': 'Zoom in' }))),
  strip, svg('svg', { class: 'beam', viewBox: '0 0 1000 20', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, beam), lens, scale, detail, legend(totals(report)));
  return box;
}

/** The strip while the file is read: what was passed, no class. */
export function readingMap(report, done) {
  const whole = Math.max(report.size, 1);
  const slots = report.slots.filter(({ range }) => range.end > range.start && range.end <= whole);
  const percent = (bytes) => `${(bytes / whole) * 100}%`;
  return el('section', { class: 'byte-map' }, el('div', { class: 'card-head' }, el('h3', {}, 'Byte map'), el('p', {}, done >= whole ? 'read to the end' : `read up to byte ${count(done)}`)),
    el('div', { class: 'strip', 'aria-hidden': 'true' }, el('div', { class: 'piece is-unread', style: { left: 0, width: '100%' } }),
      slots.map(({ id, range }) => el('div', { class: 'piece is-unread', style: { left: percent(range.start), width: percent(range.end - range.start) } }, range.end - range.start > whole / 6 && el('span', {}, plain(id)))),
      done < whole && el('i', { class: 'so-far-line', style: { width: percent(done) } })),
    el('div', { class: 'scale', 'aria-hidden': 'true' }, el('span', {}, '0'), el('span', {}, `the whole file, ${size(whole)}`), el('span', {}, count(whole))),
    legend({ authenticated: 0, checked: 0, unprotected: 0, failed: 0 }));
}

/** The sections as a table. */
export function sectionTable(report) {
  const all = sections(report.coverage, report.slots);
  return el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Sections' }, el('table', {}, el('thead', {}, el('tr', {},
    ['Section', 'Bytes', 'Length', 'Protection', 'Why'].map((text) => el('th', { scope: 'col' }, text)))), el('tbody', {}, all.slice(0, ROWS_MAX).map((section) => el('tr', {},
    el('th', { scope: 'row' }, shown(section.name, 80)), el('td', { class: 'number' }, span(section)), el('td', { class: 'number' }, size(section.end - section.start)),
    el('td', {}, PROTECTION[section.protection].word), el('td', { class: 'dim' }, shown(section.reasons.join('; '))))))),
  all.length > ROWS_MAX && el('p', { class: 'dim' }, `The first ${ROWS_MAX}; the exported report has all.`));
}

function totals(report) {
  const sums = { authenticated: 0, checked: 0, unprotected: 0, failed: 0 };
  for (const { range, class: protection } of report.coverage) sums[protection] += range.end - range.start;
  return sums;
}

function summary(report) {
  const { authenticated, checked, unprotected, failed } = totals(report);
  if (failed > 0) return `${size(failed)} do not match`;
  if (authenticated === 0) return 'no byte is signed for';
  return checked + unprotected > 0 ? `${size(checked + unprotected)} are not signed` : 'every byte is signed for';
}

function legend(sums) {
  return el('ul', { class: 'legend' }, STRENGTH.map((protection) => el('li', { class: sums[protection] === 0 ? 'none' : protection === 'failed' ? 'hit' : '' },
    el('span', { class: `swatch is-${protection}` }), el('span', {}, el('b', {}, PROTECTION[protection].word), ' ', el('span', { class: 'number' }, size(sums[protection]))),
    el('small', {}, PROTECTION[protection].means))));
}

function describe(section, blob) {
  const hex = el('div', { hidden: true });
  return [
    el('span', { class: `swatch is-${section.protection}` }), el('b', {}, shown(section.name, 80)), el('span', { class: 'number' }, `bytes ${span(section)}, ${size(section.end - section.start)}`),
    el('span', { class: 'dim' }, PROTECTION[section.protection].word, ': ', shown(section.reasons.join('; '))),
    blob && textButton('Show bytes', async (event) => {
      event.currentTarget.remove();
      const bytes = await blob.slice(section.start, Math.min(section.end, section.start + HEX_BYTES)).arrayBuffer();
      fill(hex, hexDump(new Uint8Array(bytes), section.start)).hidden = false;
    }),
    hex,
  ];
}

// The file drawn to scale: every byte once, by what is there and how well it is protected.

import { button, el, fill } from './dom.js';
import { hexDump } from './hex.js';
import { plain, shown } from './hostile-text.js';
import { count, plural, size, span } from './quantities.js';
import { PROTECTION } from './verdict.js';

/** Narrowest section that is drawn by itself, in pixels; narrower neighbours are drawn as one. */
const SECTION_MIN = 3;

/** Narrowest section that has its name in it, in pixels. */
const LABEL_MIN = 44;

/** Most rows of the list below the map. */
const ROWS_MAX = 400;

/** Bytes of a section that are shown as hex. */
const HEX_BYTES = 256;

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
    section.kind = section.part.replace(/[^a-z].*$/, '') || 'part';
    section.name = slot ? `${section.part} ${slot.id}` : section.part;
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

/** The byte map of a report; `blob` gives the bytes for the hex view. */
export function byteMap(report, blob) {
  const all = sections(report.coverage, report.slots);
  const whole = { start: 0, end: Math.max(report.size, 1) };
  let view = whole;
  let chosen = STRENGTH.toReversed().flatMap((protection) => all.filter((section) => section.protection === protection))[0];
  const bar = el('div', { class: 'map-bar', role: 'group', 'aria-label': 'Sections of the file, to scale' });
  const overview = el('div', { class: 'map-overview', 'aria-hidden': 'true' });
  const scale = el('div', { class: 'map-scale', 'aria-hidden': 'true' });
  const detail = el('div', { class: 'map-detail', 'aria-live': 'polite' });
  const rows = el('tbody');

  const choose = (section) => {
    chosen = section;
    for (const node of bar.children) node.toggleAttribute('data-chosen', node.sections.includes(section));
    for (const row of rows.children) row.toggleAttribute('data-chosen', row.section === section);
    fill(detail, describe(section, blob));
  };
  const show = (next) => {
    const length = Math.max(16, Math.min(next.end - next.start, whole.end));
    const start = Math.max(0, Math.min(Math.floor(next.start), whole.end - length));
    view = { start, end: start + length };
    draw();
  };
  const zoom = (factor) => {
    const centre = chosen && chosen.start < view.end && chosen.end > view.start
      ? (Math.max(chosen.start, view.start) + Math.min(chosen.end, view.end)) / 2
      : (view.start + view.end) / 2;
    const length = (view.end - view.start) * factor;
    show({ start: centre - length / 2, end: centre + length / 2 });
  };
  const zoomTo = (section) => {
    const margin = Math.max(8, (section.end - section.start) * 0.15);
    show({ start: section.start - margin, end: section.end + margin });
    choose(section);
  };
  const step = (by) => {
    const next = all[Math.max(0, Math.min(all.length - 1, all.indexOf(chosen) + by))];
    if (!next) return;
    if (next.start < view.start || next.end > view.end) show({ start: next.start, end: next.start + (view.end - view.start) });
    choose(next);
    Array.from(bar.children).find((node) => node.sections.includes(next))?.focus();
  };

  function draw() {
    const width = bar.clientWidth || 900;
    const length = view.end - view.start;
    const percent = (bytes) => `${(bytes / length) * 100}%`;
    const focused = bar.contains(document.activeElement);
    fill(bar, drawn(all, view, width).map((piece) => {
      const [first] = piece.sections;
      const joined = piece.sections.length > 1;
      const name = joined ? plural(piece.sections.length, 'small section') : first.name;
      const node = el('button', {
        type: 'button',
        class: `map-piece is-${piece.protection} kind-${joined ? 'joined' : first.kind} ${piece.narrow ? 'is-narrow' : ''}`,
        style: { left: percent(piece.start - view.start), width: percent(piece.end - piece.start) },
        'aria-label': `${plain(name)}, ${size(piece.end - piece.start)}, ${PROTECTION[piece.protection].word}`,
        title: `${plain(name)} · ${size(piece.end - piece.start)} · ${PROTECTION[piece.protection].word}`,
        tabindex: piece.sections.includes(chosen) ? 0 : -1,
        onclick: () => (joined ? (show({ start: piece.start - 8, end: piece.end + 8 }), choose(first)) : choose(first)),
        ondblclick: () => zoomTo(first),
        onpointerenter: () => preview(first),
        onfocus: () => { if (!piece.sections.includes(chosen)) choose(first); },
      }, !joined && (piece.end - piece.start) * (width / length) >= LABEL_MIN && el('span', { class: 'map-label' }, plain(first.name)));
      node.sections = piece.sections;
      return node;
    }));
    if (!bar.querySelector('[tabindex="0"]') && bar.firstChild) bar.firstChild.tabIndex = 0;
    if (focused) bar.querySelector('[tabindex="0"]')?.focus();
    fill(scale, el('span', {}, count(view.start)), el('span', {}, `${size(length)} shown`), el('span', {}, count(view.end)));
    fill(overview, el('div', { class: 'map-window', style: { left: `${(view.start / whole.end) * 100}%`, width: `${(length / whole.end) * 100}%` } }));
    overview.hidden = length >= whole.end;
    for (const node of bar.children) node.toggleAttribute('data-chosen', node.sections.includes(chosen));
  }
  const preview = (section) => fill(detail, describe(section, blob));

  bar.addEventListener('pointerleave', () => chosen && fill(detail, describe(chosen, blob)));
  bar.addEventListener('keydown', (event) => {
    const act = { ArrowRight: () => step(1), ArrowLeft: () => step(-1), Home: () => step(-all.length), End: () => step(all.length),
      '+': () => zoom(0.5), '=': () => zoom(0.5), '-': () => zoom(2), 0: () => show(whole) }[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
  new ResizeObserver(draw).observe(bar);

  fill(rows, all.slice(0, ROWS_MAX).map((section) => {
    const row = el('tr', {}, 
      el('td', {}, button([el('span', { class: `swatch is-${section.protection}` }), plain(section.name)], () => zoomTo(section), { class: 'row-button' })),
      el('td', { class: 'number' }, span(section)), el('td', { class: 'number' }, size(section.end - section.start)),
      el('td', {}, PROTECTION[section.protection].word), el('td', { class: 'dim' }, shown(section.reasons.join('; '))));
    row.section = section;
    return row;
  }));
  const tools = el('div', { class: 'map-tools', role: 'group', 'aria-label': 'Zoom of the byte map' },
    button('−', () => zoom(2), { 'aria-label': 'Zoom out' }), button('+', () => zoom(0.5), { 'aria-label': 'Zoom in' }),
    button('Whole file', () => show(whole)));
  if (chosen) choose(chosen);
  return el('section', { class: 'card byte-map', 'aria-labelledby': 'map-title' },
    el('div', { class: 'card-head' }, el('h2', { id: 'map-title' }, 'Byte map'), summary(report), tools),
    bar, overview, scale, legend(report), detail,
    el('details', { class: 'map-list' }, el('summary', {}, `All ${plural(all.length, 'section')} as a table`),
      el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Sections' }, el('table', {}, el('thead', {}, el('tr', {},
        ['Section', 'Bytes', 'Length', 'Protection', 'Why'].map((text) => el('th', { scope: 'col' }, text)))), rows)),
      all.length > ROWS_MAX && el('p', { class: 'dim' }, `The first ${ROWS_MAX}; the exported report has all.`)));
}

function totals(report) {
  const sums = { authenticated: 0, checked: 0, unprotected: 0 };
  for (const { range, class: protection } of report.coverage) sums[protection] += range.end - range.start;
  return sums;
}

function summary(report) {
  const { checked, unprotected } = totals(report);
  const weak = [unprotected > 0 && `${size(unprotected)} unprotected`, checked > 0 && `${size(checked)} checked but not signed`].filter(Boolean);
  const text = weak.length > 0 ? weak.join(', ') : 'every byte is signed for';
  return el('span', { class: 'dim' }, text);
}

function legend(report) {
  const sums = totals(report);
  return el('ul', { class: 'legend' }, STRENGTH.map((protection) => el('li', {},
    el('span', { class: `swatch is-${protection}` }), el('strong', {}, PROTECTION[protection].word), ' ', size(sums[protection]),
    el('span', { class: 'dim' }, ` ${PROTECTION[protection].means}`))));
}

function describe(section, blob) {
  const hex = el('div');
  return [
    el('p', {}, el('span', { class: `swatch is-${section.protection}` }), el('strong', {}, shown(section.name)),
      ` bytes ${span(section)}, ${size(section.end - section.start)}. `, el('em', {}, PROTECTION[section.protection].word), ': ',
      shown(section.reasons.join('; ')), '. ',
      blob && button('Show bytes', async (event) => {
        event.currentTarget.remove();
        const bytes = await blob.slice(section.start, Math.min(section.end, section.start + HEX_BYTES)).arrayBuffer();
        fill(hex, hexDump(new Uint8Array(bytes), section.start));
      }, { class: 'more' })),
    hex,
  ];
}

// What is inside, drawn: areas are unpacked sizes, within a group. Arrow keys go from part to part.

import { el, fill, textButton } from './dom.js';
import { plain, shown } from './hostile-text.js';
import { size } from './quantities.js';

const GAP = 12;
const HEADING = 24;

/** Narrowest and lowest part that is a button; smaller ones are in the list below. */
const TOUCH = 24;

const pen = typeof document === 'undefined' ? null : document.createElement('canvas').getContext('2d');
function width(text, pixels) {
  pen.font = `600 ${pixels}px ${getComputedStyle(document.body).fontFamily}`;
  return pen.measureText(text).width;
}

/** Rectangles whose areas are the parts' sizes, as square as they come (Bruls, Huizing, van Wijk: Squarified Treemaps). */
export function squares(parts, x, y, w, h) {
  const whole = parts.reduce((sum, part) => sum + part.size, 0) || 1;
  const left = parts.map((part) => ({ part, area: (Math.max(part.size, whole / 2000) / whole) * w * h })).sort((a, b) => b.area - a.area);
  const scale = (w * h) / left.reduce((sum, { area }) => sum + area, 0);
  for (const item of left) item.area *= scale;
  const worst = (row, sum, side) => Math.max((side * side * row[0].area) / (sum * sum), (sum * sum) / (side * side * row.at(-1).area));
  const made = [];
  while (left.length > 0 && w > 0 && h > 0) {
    const side = Math.min(w, h);
    const row = [left.shift()];
    let sum = row[0].area;
    while (left.length > 0 && worst([...row, left[0]], sum + left[0].area, side) <= worst(row, sum, side)) {
      sum += left[0].area;
      row.push(left.shift());
    }
    const deep = sum / side;
    let at = 0;
    for (const { part, area } of row) {
      const long = area / deep;
      made.push(w >= h ? { part, x, y: y + at, w: deep, h: long } : { part, x: x + at, y, w: long, h: deep });
      at += long;
    }
    if (w >= h) { x += deep; w -= deep; } else { y += deep; h -= deep; }
  }
  return made;
}

/** An edge that is torn on both sides. */
const TORN = (() => {
  const teeth = 16;
  const points = [];
  for (let at = 0; at <= teeth * 2; at += 1) points.push(`${at % 2 ? 5 : 0}px ${((at / (teeth * 2)) * 100).toFixed(1)}%`);
  for (let at = teeth * 2; at >= 0; at -= 1) points.push(`calc(100% - ${at % 2 ? 5 : 0}px) ${((at / (teeth * 2)) * 100).toFixed(1)}%`);
  return `polygon(${points.join()})`;
})();

/** The drawing of `{ list, small }` (parts.js). `onopen(part)` is told of a part whose files are wanted; without it nothing can be chosen. */
export function treemap({ list, small }, { onopen, bare = false } = {}) {
  const drawing = el('div', { class: 'treemap', role: 'group', 'aria-label': 'Parts of the package, to scale' });
  const detail = el('div', { class: 'detail', 'aria-live': 'polite' });
  const leftover = el('ul', { class: 'leftover' });
  const everything = [...list.flatMap(({ parts }) => parts), ...small];
  let chosen = everything.find((part) => part.failed) ?? everything.find((part) => part.flagged) ?? list[0]?.parts[0] ?? everything[0];
  const fillOf = (part) => (part.failed ? 'var(--bad-solid)' : part.flagged ? 'var(--bad-soft)' : `var(--part-${part.kind})`);

  function choose(part) {
    chosen = part;
    for (const node of drawing.querySelectorAll('button')) {
      node.setAttribute('aria-pressed', String(node.held === part));
      node.tabIndex = node.held === part ? 0 : -1;
    }
    if (!drawing.querySelector('[tabindex="0"]') && drawing.querySelector('button')) drawing.querySelector('button').tabIndex = 0;
    fill(detail, el('span', { class: 'swatch', style: { '--fill': fillOf(part) } }), el('b', {}, shown(part.title, 120)), el('span', { class: 'number' }, size(part.size)),
      part.note && el('span', { class: 'dim' }, shown(part.note, 120)), onopen && part.slot !== undefined && textButton('Show files', () => onopen(part)));
  }

  function boxOf(part, { x, y, w, h }, enlarged) {
    const [across, down] = [w - 2, h - 2];
    const button = !bare && across >= TOUCH && down >= TOUCH;
    const look = across > 190 && down > 80 ? 'roomy' : across < 110 || down < 40 ? 'tight' : '';
    const pixels = { roomy: 17, tight: 12.5 }[look] ?? 14;
    const edge = { roomy: 28, tight: 12 }[look] ?? 20;
    const name = plain(part.title);
    const short = plain(part.name);
    const label = width(name, pixels) + edge <= across ? name : short;
    const longest = Math.max(...label.split(/(?<=-)| /).map((word) => width(word, pixels))) + edge;
    const wraps = width(label, pixels) + edge > across && down >= 52 && longest <= across;
    const fits = down >= 20 && (wraps || width(label, pixels) + edge <= across);
    const said = `${name}, ${size(part.size)}${part.note ? `, ${plain(part.note)}` : ''}${part.failed ? ', does not match' : ''}`;
    const sized = fits && down >= (look === 'roomy' ? 58 : look === 'tight' ? 36 : 44) + (wraps ? 18 : 0) && width(size(part.size), 13) + edge <= across;
    const noted = fits && look === 'roomy' && down > 110 && part.note;
    // What is not drawn for want of room is said.
    const unseen = fits && [!sized && size(part.size), !noted && part.note && plain(part.note), part.failed && 'does not match'].filter(Boolean).join(', ');
    const node = el(button ? 'button' : 'div', {
      type: button ? 'button' : null, role: button || fits ? null : 'img', 'aria-pressed': button ? 'false' : null,
      class: `part ${look} ${part.own ? 'own' : ''} ${part.failed ? 'is-failed' : ''} ${part.flagged ? 'is-flagged' : ''} ${enlarged ? 'enlarged' : ''} ${wraps ? 'wraps' : ''}`,
      style: { '--fill': fillOf(part), '--torn': TORN, left: `${x}px`, top: `${y}px`, width: `${Math.max(across, 2)}px`, height: `${Math.max(down, 2)}px` },
      'aria-label': fits ? null : said, title: `${name} · ${size(part.size)}`,
      onclick: button ? () => choose(part) : null, onfocus: button ? () => { if (chosen !== part) choose(part); } : null,
    }, fits && el('span', {}, label), sized && [' ', el('small', {}, size(part.size))], noted && [' ', el('small', {}, plain(part.note))], unseen && el('span', { class: 'visually-hidden' }, ` ${unseen}`));
    node.held = part;
    return { node, fits };
  }

  function draw() {
    const W = drawing.clientWidth;
    const H = drawing.clientHeight;
    if (!W || !H) return;
    const focused = drawing.contains(document.activeElement);
    const head = bare ? 0 : HEADING;
    const beside = W > (bare ? 420 : 620);
    const smallW = small.length === 0 ? 0 : beside ? (bare ? 84 : 128) : W;
    const smallH = small.length === 0 ? 0 : beside ? H : (bare ? 44 : 60) + head;
    const w = beside && smallW ? W - smallW - GAP : W;
    const h = !beside && smallH ? H - smallH - GAP : H;
    // So narrow a group would have no room for its name.
    const whole = list.reduce((sum, group) => sum + group.size, 0) || 1;
    const shares = list.map((group) => Math.max(group.size / whole, beside ? 0.12 : 0.08));
    const all = shares.reduce((sum, share) => sum + share, 0);
    const nodes = [];
    const hidden = [];
    let at = 0;
    const heading = (text, x, y, across) => head && nodes.push(el('div', { class: 'part-group', style: { left: `${x}px`, top: `${y}px`, width: `${across}px` } }, text));
    list.forEach((group, number) => {
      const room = (beside ? w : h) - GAP * (list.length - 1);
      const long = (room * shares[number]) / all;
      const box = beside ? { x: at, y: 0, w: long, h } : { x: 0, y: at, w, h: long };
      at += long + GAP;
      heading(group.hurt ? [el('b', { class: 'bad' }, group.name), ' does not match'] : [el('b', {}, group.name), ` ${size(group.size)}`, box.w > 300 && ' unpacked'], box.x, box.y, box.w);
      for (const place of squares(group.parts, box.x, box.y + head, box.w, box.h - head)) {
        const { node, fits } = boxOf(place.part, place, false);
        nodes.push(node);
        if (!fits) hidden.push(place.part);
      }
    });
    if (small.length > 0) {
      const [x, y] = beside ? [W - smallW, 0] : [0, H - smallH];
      heading([el('b', {}, 'Small parts'), smallW > 240 ? ' drawn larger than to scale' : ' enlarged'], x, y, smallW);
      const step = (beside ? smallH - head : smallW) / small.length;
      small.forEach((part, number) => {
        const place = beside ? { x, y: y + head + number * step, w: smallW, h: step } : { x: x + number * step, y: y + head, w: step, h: smallH - head };
        const { node, fits } = boxOf(part, place, true);
        nodes.push(node);
        if (!fits) hidden.push(part);
      });
    }
    fill(drawing, nodes);
    fill(leftover, hidden.slice(0, 24).map((part) => el('li', {}, el('button', { type: 'button', onclick: () => choose(part) },
      el('span', { class: 'swatch', style: { '--fill': fillOf(part) } }), el('b', {}, plain(part.title)), el('span', { class: 'number' }, size(part.size))))));
    leftover.hidden = hidden.length === 0;
    if (!bare && chosen) choose(chosen);
    if (focused) drawing.querySelector('[tabindex="0"]')?.focus();
  }

  drawing.addEventListener('keydown', (event) => {
    const to = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!to || !event.target.held) return;
    event.preventDefault();
    const centre = (node) => { const box = node.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; };
    const [x, y] = centre(event.target);
    const away = (node) => {
      const [u, v] = centre(node);
      const along = (u - x) * to[0] + (v - y) * to[1];
      return along > 4 ? along + 2 * (Math.abs((u - x) * to[1]) + Math.abs((v - y) * to[0])) : Infinity;
    };
    const next = [...drawing.querySelectorAll('button')].sort((a, b) => away(a) - away(b))[0];
    if (next && away(next) < Infinity) next.focus();
  });
  let last = '';
  new ResizeObserver(() => {
    const now = `${drawing.clientWidth} ${drawing.clientHeight}`;
    if (now === last) return;
    last = now;
    draw();
  }).observe(drawing);
  return bare ? drawing : el('div', {}, drawing, leftover, detail);
}

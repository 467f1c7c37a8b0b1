// Panels of which one shows (WAI-ARIA tabs): the first as tiles, the others as quiet links below. On paper all show.

import { el, fill, icon } from './dom.js';

let groups = 0;

/**
 * Tabs of `{ name, tile?: { title, note, look }, draw }`: a panel is drawn when it is first chosen, or printed. Gives the element, and
 * `choose(name)`, `redraw(name)`, `retitle(name, tile)`.
 */
export function tabs(label, panels, first) {
  const id = `tabs-${++groups}`;
  const drawn = new Set();
  const tiles = el('div', { class: 'tiles' });
  const quiet = el('div', { class: 'quiet-tabs' });
  const list = el('div', { class: 'tab-list', role: 'tablist', 'aria-label': label }, tiles);
  const bodies = panels.map(({ name }, at) => el('div', { class: 'tab-panel', role: 'tabpanel', id: `${id}-panel-${at}`, 'aria-labelledby': `${id}-tab-${at}`, dataset: { name } }));
  const tileOf = ({ title, note, look }) => [el('b', {}, title), el('span', { class: look ?? '' }, note), icon('right')];
  const handles = panels.map(({ name, tile }, at) => el('button', { type: 'button', role: 'tab', id: `${id}-tab-${at}`, class: tile ? 'tile' : '', 'aria-controls': `${id}-panel-${at}`, dataset: { name },
    onclick: () => choose(at) }, tile ? tileOf(tile) : name));
  handles.forEach((handle, at) => (panels[at].tile ? tiles : quiet).append(handle));
  const draw = (at) => {
    if (drawn.has(at)) return;
    drawn.add(at);
    fill(bodies[at], panels[at].draw());
  };
  function choose(at, focus = false) {
    draw(at);
    bodies.forEach((body, other) => body.toggleAttribute('data-off', other !== at));
    handles.forEach((handle, other) => {
      handle.setAttribute('aria-selected', String(other === at));
      handle.tabIndex = other === at ? 0 : -1;
      if (focus && other === at) handle.focus();
    });
  }
  const element = el('section', { class: 'tabs' }, list, bodies);
  // Drawn below the panels, as they are asked for seldom; for the keyboard they are in the list.
  list.append(quiet);
  list.addEventListener('keydown', (event) => {
    const at = handles.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: panels.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    choose((to + panels.length) % panels.length, true);
  });
  const at = (name) => Math.max(0, panels.findIndex((panel) => panel.name === name));
  choose(at(first));
  element.addEventListener('draw-all', () => panels.forEach((_, number) => draw(number)));
  return {
    element,
    choose: (name, focus) => choose(at(name), focus),
    redraw(name) {
      if (drawn.delete(at(name)) && !bodies[at(name)].hasAttribute('data-off')) draw(at(name));
    },
    retitle: (name, tile) => fill(handles[at(name)], tileOf(tile)),
  };
}

/** Draws every panel, for paper. */
export function drawAllTabs() {
  for (const element of document.querySelectorAll('section.tabs')) element.dispatchEvent(new Event('draw-all'));
}

// Panels of which one shows (WAI-ARIA tabs); on paper all do.

import { el } from './dom.js';

let groups = 0;

/** Tabs of `{ name, note, draw }`: a panel is drawn when it is first chosen, or printed. `first` is the name of the one to show. */
export function tabs(label, panels, first, onchoose) {
  const id = `tabs-${++groups}`;
  const drawn = new Set();
  const list = el('div', { class: 'tab-list', role: 'tablist', 'aria-label': label });
  const bodies = panels.map(({ name }, at) => el('div', { class: 'tab-panel', role: 'tabpanel', id: `${id}-panel-${at}`, 'aria-labelledby': `${id}-tab-${at}`, tabindex: 0, dataset: { name } }));
  const draw = (at) => {
    if (drawn.has(at)) return;
    drawn.add(at);
    bodies[at].append(panels[at].draw());
  };
  const choose = (at, focus = false) => {
    draw(at);
    bodies.forEach((body, other) => { body.toggleAttribute('data-off', other !== at); });
    [...list.children].forEach((tab, other) => {
      tab.setAttribute('aria-selected', String(other === at));
      tab.tabIndex = other === at ? 0 : -1;
      if (focus && other === at) tab.focus();
    });
  };
  panels.forEach(({ name, note }, at) => list.append(el('button', { type: 'button', role: 'tab', id: `${id}-tab-${at}`, 'aria-controls': `${id}-panel-${at}`, onclick: () => { choose(at); onchoose(name); } },
    name, note !== undefined && el('span', { class: 'note' }, note))));
  list.addEventListener('keydown', (event) => {
    const at = [...list.children].indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: panels.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose((to + panels.length) % panels.length, true);
    onchoose(panels[(to + panels.length) % panels.length].name);
  });
  choose(Math.max(0, panels.findIndex(({ name }) => name === first)));
  const element = el('section', { class: 'card tabs' }, list, bodies);
  element.addEventListener('draw-all', () => panels.forEach((_, at) => draw(at)));
  return element;
}

/** Draws every panel, for paper. */
export function drawAllTabs() {
  for (const element of document.querySelectorAll('.tabs')) element.dispatchEvent(new Event('draw-all'));
}

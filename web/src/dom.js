// Elements without a framework. Strings always become text nodes: nothing here parses HTML.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An element. `props` are attributes; `class`, `dataset`, `style` (custom properties too) and `on…` listeners are understood.
 * Children are nodes, strings, numbers, or nested arrays of these; `null`, `undefined` and `false` are left out.
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'dataset') Object.assign(node.dataset, value);
    else if (name === 'style') for (const [key, text] of Object.entries(value)) node.style.setProperty(key, text);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  add(node, children);
  return node;
}

function add(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Puts other children in the place of a node's own. */
export function fill(node, ...children) {
  node.replaceChildren();
  add(node, children);
  return node;
}

const ICONS = {
  trusted: 'M12 2.5 4.5 5.5v6c0 4.6 3.1 8.1 7.5 10 4.4-1.9 7.5-5.4 7.5-10v-6zM8.3 12l2.6 2.6 4.9-5.2',
  unknown: 'M12 2.5 4.5 5.5v6c0 4.6 3.1 8.1 7.5 10 4.4-1.9 7.5-5.4 7.5-10v-6zM9.7 9.6c0-1.4 1-2.3 2.4-2.3s2.4.9 2.4 2.1c0 1.7-2.4 1.8-2.4 3.7M12.1 16v.2',
  unsigned: 'M12 2.5 4.5 5.5v6c0 4.6 3.1 8.1 7.5 10 4.4-1.9 7.5-5.4 7.5-10v-6zM8.5 12h7',
  invalid: 'M12 2.5 4.5 5.5v6c0 4.6 3.1 8.1 7.5 10 4.4-1.9 7.5-5.4 7.5-10v-6zM9.2 9.2l5.6 5.6M14.8 9.2l-5.6 5.6',
  waiting: 'M12 3a9 9 0 1 0 9 9M12 7.5V12l3 2',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
  folder: 'M3 6h6l2 2.5h10V19H3z',
  link: 'M10 14l4-4M8.5 11.5 6 14a3 3 0 0 0 4 4l2.5-2.5M11.5 8.5 14 6a3 3 0 0 1 4 4l-2.5 2.5',
  key: 'M14.5 9.5a4 4 0 1 0-3.4 4L13 15.5h2v2h2v2h3v-3l-5.6-5.6a4 4 0 0 0 .1-1.4zM9 9v.1',
  drop: 'M12 4v11M7.5 10.5 12 15l4.5-4.5M4 17v3h16v-3',
  close: 'M6 6l12 12M18 6 6 18',
  theme: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
};

/** A line icon; it says nothing to a screen reader, the text beside it does. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  for (const [key, value] of Object.entries({ viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true' })) svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/** A push button. */
export function button(label, onclick, props = {}) {
  return el('button', { type: 'button', onclick, ...props }, label);
}

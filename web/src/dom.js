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

const SHIELD = 'M12 3 5 5.6v5.6c0 4.4 2.9 7.6 7 9.3 4.1-1.7 7-4.9 7-9.3V5.6z';

const ICONS = {
  trusted: `${SHIELD}M8.8 11.8l2.3 2.3 4.2-4.4`,
  unknown: `${SHIELD}M10 9.6a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.3M12 15.2v.1`,
  unsigned: SHIELD,
  changed: `${SHIELD}M9.8 9.5l4.4 4.4M14.2 9.5l-4.4 4.4`,
  hazard: 'M12 4 2.8 19.5h18.4zM12 10v4.5M12 17.2v.1',
  turning: 'M12 3.5a8.5 8.5 0 1 1-8.5 8.5',
  done: 'M5 12.5l4.5 4.5L19 7.5',
  failed: 'M7 7l10 10M17 7L7 17',
  undone: 'M7 12h10',
  asks: 'M9.2 9.3a2.9 2.9 0 1 1 4.2 2.6c-.9.5-1.4 1.1-1.4 2.1M12 17.2v.1',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
  folder: 'M3 6h6l2 2.5h10V19H3z',
  link: 'M10 14l4-4M8.5 11.5 6 14a3 3 0 0 0 4 4l2.5-2.5M11.5 8.5 14 6a3 3 0 0 1 4 4l-2.5 2.5',
  key: 'M8 11.3a4.2 4.2 0 1 1 0 8.4 4.2 4.2 0 0 1 0-8.4zM11 12.5 19.5 4M16 7.5l3 3M19.5 4l1.5 1.5',
  box: 'M4 7.5 12 3l8 4.5v9L12 21l-8-4.5zM4 7.5l8 4.5 8-4.5M12 12v9',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  save: 'M12 4v11M7.5 10.5 12 15l4.5-4.5M5 19.5h14',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  right: 'M9 5l7 7-7 7',
  left: 'M15 5l-7 7 7 7',
  go: 'M4 12h16M14 6l6 6-6 6',
  find: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.3 15.3 20.5 20.5',
  compare: 'M4 5h7v14H4zM13 5h7v14h-7z',
  same: 'M5 9h14M5 15h14',
  up: 'M12 19V5M6 11l6-6 6 6',
  down: 'M12 5v14M6 13l6 6 6-6',
  close: 'M6 6l12 12M18 6 6 18',
  theme: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
};

/** An element of SVG. */
export function svg(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A line icon; it says nothing to a screen reader, the text beside it does. */
export function icon(name, classes = '') {
  return svg('svg', { viewBox: '0 0 24 24', class: `icon ${classes}`.trim(), 'aria-hidden': 'true' }, svg('path', { d: ICONS[name] }));
}

/** A push button. */
export function button(label, onclick, { class: classes = '', ...props } = {}) {
  return el('button', { type: 'button', class: `button ${classes}`.trim(), onclick, ...props }, label);
}

/** A button that looks like a link in a text. */
export function textButton(label, onclick, props = {}) {
  return el('button', { type: 'button', class: 'link', onclick, ...props }, label);
}

/** Puts a text on the clipboard, and says so. */
export function copyButton(text, what, label) {
  const say = el('span', { class: label ? '' : 'visually-hidden', role: 'status' }, label ?? '');
  return el('button', { type: 'button', class: label ? 'button quiet' : 'icon-button', title: `Copy ${what}`, 'aria-label': `Copy ${what}`, onclick: async () => {
    try {
      await navigator.clipboard.writeText(text);
      fill(say, 'Copied');
    } catch {
      fill(say, 'The browser does not let this page copy');
    }
  } }, icon('copy'), say);
}

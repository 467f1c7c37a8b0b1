// Every text of a package was chosen by whoever made it. It is shown as text, in isolation from the direction of the text
// around it, with characters that are invisible or reorder others made visible, and cut where it is long.

import { button, el, fill } from './dom.js';

/** Longest text that is shown without being asked for, in characters. */
const SHOWN_MAX = 160;

/** Longest text that is shown at all; the exported report has the rest. */
const WHOLE_MAX = 20_000;

/** Longest file name that a download gets, in characters. */
const NAME_MAX = 120;

// Controls, format characters (bidi overrides, zero width, tags), private use, surrogates, line and paragraph separators,
// variation selectors, and blanks that do not look like a space.
const ODD =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u00a0\u115f\u1160\u2000-\u200a\u202f\u205f\u2800\u3000\u3164\uffa0\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

const NAMES = {
  0x00: 'NUL', 0x09: 'tab', 0x0a: 'line feed', 0x0d: 'carriage return', 0x1b: 'escape', 0xa0: 'no-break space',
  0x200b: 'zero width space', 0x200d: 'zero width joiner', 0x200e: 'left-to-right mark', 0x200f: 'right-to-left mark',
  0x202a: 'left-to-right embedding', 0x202b: 'right-to-left embedding', 0x202c: 'pop directional formatting',
  0x202d: 'left-to-right override', 0x202e: 'right-to-left override', 0x2066: 'left-to-right isolate',
  0x2067: 'right-to-left isolate', 0x2068: 'first strong isolate', 0x2069: 'pop directional isolate', 0xfeff: 'byte order mark',
};

function code(character) {
  return 'U+' + character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
}

/** The text with odd characters as `⟨U+202E⟩`: for attributes, live regions and documents' titles. */
export function plain(text, max = SHOWN_MAX) {
  return cut(String(text), max).replace(ODD, (character) => `⟨${code(character)}⟩`);
}

/** Whether a text holds characters that are not what they look like. */
export function isOdd(text) {
  return String(text).search(ODD) >= 0;
}

function cut(text, length) {
  // Not in the middle of a surrogate pair.
  const characters = text.length > length ? Array.from(text.slice(0, length + 1)).slice(0, length) : null;
  return characters && characters.join('').length < text.length ? characters.join('') + '…' : text;
}

/** Nodes for a text; line feeds and tabs stay what they are where `lines` is true. */
export function visible(text, lines = false) {
  const nodes = [];
  let done = 0;
  for (const match of text.matchAll(ODD)) {
    const [character] = match;
    if (lines && (character === '\n' || character === '\t')) continue;
    if (match.index > done) nodes.push(text.slice(done, match.index));
    const name = NAMES[character.codePointAt(0)];
    nodes.push(el('span', { class: 'odd', title: name ?? 'a character that is not shown' }, code(character)));
    done = match.index + character.length;
  }
  if (done < text.length) nodes.push(text.slice(done));
  return nodes;
}

/** A text of a package as an element, cut where it is long, with a way to see the whole. */
export function shown(text, max = SHOWN_MAX) {
  const whole = String(text);
  const node = el('bdi', { class: 'said' }, visible(cut(whole, max)));
  if (cut(whole, max) === whole) return node;
  const more = button(`show all ${whole.length.toLocaleString('en')} characters`, () => {
    fill(node, visible(cut(whole, WHOLE_MAX)));
    more.remove();
  }, { class: 'more' });
  return el('span', {}, node, ' ', more);
}

/** A name under which a file of a package may be saved: no folder, no odd character, nothing hidden, nothing reserved. */
export function safeFileName(path) {
  const last = String(path).split(/[/\\]/).filter(Boolean).pop() ?? '';
  let name = last.normalize('NFC').replace(ODD, '_').replace(/[^\p{L}\p{N}\p{M} ._+@=()-]/gu, '_');
  name = Array.from(name).slice(0, NAME_MAX).join('').replace(/^[. ]+|[. ]+$/g, '');
  if (/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name)) name = '_' + name;
  return name || 'file';
}

// Bytes as people look at them.

import { el } from './dom.js';

/** Bytes of a line: what fits on a telephone, too. */
const ROW = 8;

/** Offsets, bytes and what of them is printable ASCII. */
export function hexDump(bytes, start = 0) {
  const node = el('pre', { class: 'hex', tabindex: 0, role: 'region', 'aria-label': 'Bytes in hexadecimal' });
  const digits = Math.max(4, (start + bytes.length).toString(16).length);
  for (let at = 0; at < bytes.length; at += ROW) {
    const row = Array.from(bytes.subarray(at, at + ROW));
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ').padEnd(ROW * 3 - 1);
    const text = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '·')).join('').padEnd(ROW);
    node.append(el('i', {}, (start + at).toString(16).padStart(digits, '0')), `  ${hex}  `, el('i', {}, '│'), text, el('i', {}, '│'), '\n');
  }
  if (bytes.length === 0) node.append('(no bytes)');
  return node;
}

/** The text of bytes that are UTF-8 without control characters, else `null`. */
export function asText(bytes) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

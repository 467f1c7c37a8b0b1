// Bytes as people look at them.

import { el } from './dom.js';

const ROW = 16;

/** Offsets, bytes and what of them is printable ASCII, as preformatted text. */
export function hexDump(bytes, start = 0) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += ROW) {
    const row = Array.from(bytes.subarray(at, at + ROW));
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0'));
    const halves = [hex.slice(0, 8).join(' '), hex.slice(8).join(' ')].join('  ').padEnd(ROW * 3);
    const text = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '·')).join('');
    lines.push(`${(start + at).toString(16).padStart(8, '0')}  ${halves}  ${text}`);
  }
  return el('pre', { class: 'hex', tabindex: 0, role: 'region', 'aria-label': 'Bytes in hexadecimal' }, lines.join('\n') || '(no bytes)');
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

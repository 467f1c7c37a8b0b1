import { stripVTControlCharacters } from 'node:util';

const CODES = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 };

/** Text of a package or a path without what would command a terminal or turn text around. */
export function printable(text) {
  return String(text).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0).toString(16)}}`,
  );
}

/** Styled text where the stream is a terminal that takes it (https://no-color.org). */
export function styles(stream, environment = process.env) {
  const on = stream.isTTY && !environment.NO_COLOR && environment.TERM !== 'dumb';
  return (style, text) => (on ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text);
}

export function size(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; unit += 1) bytes /= 1024;
  return `${unit ? bytes.toFixed(1) : bytes} ${units[unit]}`;
}

/** Rows as columns; the first row is the head. */
export function table(rows) {
  const bare = (text) => stripVTControlCharacters(text).length;
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => bare(row[column]))));
  return rows
    .map((row) => row.map((text, column) => text + ' '.repeat(widths[column] - bare(text))).join('  ').trimEnd())
    .join('\n');
}

/** One line on a terminal that says how far the work is. */
export function progressLine(stream) {
  if (!stream.isTTY) return { at() {}, clear() {} };
  let drawn = 0;
  return {
    at(text) {
      const now = Date.now();
      if (now - drawn < 100) return;
      drawn = now;
      stream.write(`\r\u001b[K${text.slice(0, (stream.columns ?? 80) - 1)}`);
    },
    clear() {
      if (drawn) stream.write('\r\u001b[K');
    },
  };
}

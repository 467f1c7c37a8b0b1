// Numbers as people read them.

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** A length in bytes with three significant digits: `812 bytes`, `8.2 KB`. A KB is 1000 bytes. */
export function size(bytes) {
  if (bytes === 1) return '1 byte';
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** A whole number with separators. */
export function count(number) {
  return number.toLocaleString('en');
}

/** `3 files`, `1 file`. */
export function plural(number, one, many = one + 's') {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** A range of bytes: `384–857`, last byte included. */
export function span({ start, end }) {
  return end > start ? `${count(start)}–${count(end - 1)}` : `${count(start)} (empty)`;
}

/** A fingerprint in groups of four, as people compare them. */
export function grouped(hex) {
  return hex.replace(/(.{4})(?=.)/g, '$1 ');
}

/** The part of a fingerprint that names a key in a sentence. */
export function short(hex) {
  return `${grouped(hex.slice(0, 16))}…`;
}

/** Unix permissions as `rwxr-xr-x`, with set-id and sticky bits in their places. */
export function modeText(mode) {
  const triple = (bits, special, letter) =>
    (bits & 4 ? 'r' : '-') + (bits & 2 ? 'w' : '-') + (special ? (bits & 1 ? letter : letter.toUpperCase()) : bits & 1 ? 'x' : '-');
  return triple((mode >> 6) & 7, mode & 0o4000, 's') + triple((mode >> 3) & 7, mode & 0o2000, 's') + triple(mode & 7, mode & 0o1000, 't');
}

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

/** The day of a time in ISO 8601: `30 November 2026`; the text itself where it is none. */
export function day(text) {
  const found = /^(\d{4})-(\d\d)-(\d\d)/.exec(text);
  const month = found && MONTHS[Number(found[2]) - 1];
  return month ? `${Number(found[3])} ${month} ${found[1]}` : String(text);
}

// Saving what the reader asks for, under names that cannot surprise.

import { safeFileName } from './hostile-text.js';

/** Seconds that a browser gets to take the bytes of a download. */
const TAKEN_SECONDS = 60;

/** Offers `blob` as a download. The type is neutral on purpose: a browser must not run or render it. */
export function save(blob, path) {
  const url = URL.createObjectURL(new Blob([blob], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = safeFileName(path);
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), TAKEN_SECONDS * 1000);
}

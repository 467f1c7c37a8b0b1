// Pictures of the page against the last ones that somebody looked at: each is kept as a coarse grid of greys, so that fonts and dates may
// differ and a part that is gone, moved or of another colour may not. `BLESS=1` keeps what is there now.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('pictures.json', import.meta.url));

/** Columns of a grid; its rows are as high as they are wide. */
const COLUMNS = 16;

/** Greys, as one hexadecimal digit each. */
const LEVELS = 16;

/** Mean difference of two grids, in levels, that is still the same picture; and how many rows more or less it may have. */
const TOLERANCE = 0.9;
const ROWS_TOLERANCE = 4;

const known = existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : {};

/** The grid of a PNG file. */
async function grid(page, png) {
  return page.evaluate(async ([base64, columns, levels]) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const rows = Math.max(1, Math.round((picture.height / picture.width) * columns));
    const context = new OffscreenCanvas(columns, rows).getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.drawImage(picture, 0, 0, columns, rows);
    const { data } = context.getImageData(0, 0, columns, rows);
    return Array.from({ length: columns * rows }, (_, at) => Math.min(levels - 1, Math.floor(((data[at * 4] * 3 + data[at * 4 + 1] * 6 + data[at * 4 + 2]) / 2560) * levels)).toString(levels)).join('');
  }, [png.toString('base64'), COLUMNS, LEVELS]);
}

/** Compares a picture with the one that is kept under this name; `blank` is a page without a policy. */
export async function same(blank, name, png) {
  const found = await grid(blank, png);
  if (process.env.BLESS) {
    known[name] = found;
    writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(Object.entries(known).sort()), null, 0).replaceAll('","', '",\n"')}\n`);
    return;
  }
  const kept = known[name];
  assert.ok(kept, `there is no picture ${name} to compare with: look at it, then run the test with BLESS=1`);
  const rows = (text) => text.length / COLUMNS;
  assert.ok(Math.abs(rows(found) - rows(kept)) <= ROWS_TOLERANCE, `${name} is ${rows(found)} rows high, it was ${rows(kept)}`);
  const length = Math.min(found.length, kept.length);
  let sum = 0;
  for (let at = 0; at < length; at += 1) sum += Math.abs(parseInt(found[at], LEVELS) - parseInt(kept[at], LEVELS));
  assert.ok(sum / length <= TOLERANCE, `${name} differs by ${(sum / length).toFixed(2)} levels in the mean: look at it, and run the test with BLESS=1 if it is right`);
}

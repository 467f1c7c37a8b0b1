// The byte map, the contents, the words about execution, the bill of materials, the comparison.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { done, largePackage, opened, panel, sample, setUp, tab } from './page.mjs';

const { server, context, folder } = await setUp();

test('the byte map is to scale, and is walked and zoomed by keys', async () => {
  const { page, problems } = await opened(context, server.url);
  await sample(page, 'Tampered');
  const strip = page.locator('.strip:not(.lens)');
  const widths = await strip.locator('.piece').evaluateAll((nodes) => nodes.map((node) => [node.sections.map(({ start, end }) => end - start).reduce((a, b) => a + b), node.offsetWidth]));
  const bytes = widths.reduce((sum, [length]) => sum + length, 0);
  const bar = await strip.evaluate((node) => node.clientWidth);
  for (const [length, width] of widths) assert.ok(Math.abs(width - (length / bytes) * bar) <= 2.5, `${length} bytes are ${width} pixels wide`);
  assert.ok(await strip.locator('.piece.is-failed').count() > 0, 'the changed slot is marked');
  assert.match(await page.locator('.byte-map .detail').textContent(), /app.*Does not match/);
  await page.locator('.lens .piece[tabindex="0"]').focus();
  await page.keyboard.press('Home');
  assert.match(await page.locator('.byte-map .detail').textContent(), /launcher.*bytes 0–127/);
  await page.keyboard.press('ArrowRight');
  assert.match(await page.locator('.byte-map .detail').textContent(), /slot table/);
  await page.keyboard.press('0');
  assert.match(await page.locator('.scale').textContent(), /the whole file/);
  await page.keyboard.press('+');
  assert.match(await page.locator('.scale').textContent(), /2× enlarged/);
  await page.getByRole('button', { name: 'Show bytes' }).click();
  assert.match(await page.locator('.byte-map .hex').textContent(), /^0080 {2}/);
  assert.deepEqual(await page.locator('.legend b').allTextContents(), ['Signed', 'Checked, not signed', 'Not protected', 'Does not match']);
  assert.deepEqual(problems, []);
  await page.close();
});

test('what does not match is shown with both digests', async () => {
  const { page } = await opened(context, server.url);
  await sample(page, 'Tampered');
  const boxes = await page.locator('.digest-box .groups').allTextContents();
  assert.equal(boxes.length, 2);
  for (const text of boxes) assert.match(text, /^[0-9a-f]{64}$/);
  assert.notEqual(boxes[0], boxes[1]);
  assert.deepEqual(await page.locator('.part-list .differs').allTextContents(), ['app']);
  await page.close();
});

test('the contents are drawn as parts, which open their files', async () => {
  const { page, problems } = await opened(context, server.url);
  await sample(page, 'Good');
  const parts = page.locator('.treemap button');
  await parts.first().waitFor();
  const areas = await parts.evaluateAll((nodes) => nodes.filter((node) => !node.classList.contains('enlarged')).map((node) => node.offsetWidth * node.offsetHeight));
  assert.ok(areas.length >= 2 && areas.every((area) => area >= 24 * 24));
  await parts.first().focus();
  const before = await page.locator('.treemap [aria-pressed="true"]').getAttribute('title');
  await page.keyboard.press('ArrowRight');
  assert.notEqual(await page.locator('.treemap [aria-pressed="true"]').getAttribute('title'), before);
  await page.locator('.detail').first().getByRole('button', { name: 'Show files' }).click();
  await page.getByRole('tree').waitFor();
  assert.deepEqual(problems, []);
  await page.close();
});

test('the files are found, read and saved', async () => {
  const { page, problems } = await opened(context, server.url);
  await sample(page, 'Good');
  await tab(page, 'Files');
  const search = page.getByRole('searchbox', { name: /Find a file/ });
  await search.fill('almanac');
  await page.getByRole('treeitem').getByText('almanac.py').click();
  await page.locator('.text').waitFor();
  assert.match(await page.locator('.text').textContent(), /def height\(station, hour\)/);
  await page.getByRole('button', { name: 'Hex', exact: true }).click();
  assert.match(await page.locator('.file-view .hex').textContent(), /^0000 {2}69 6d 70 6f 72 74 20 6a {2}│import j│/);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save this file' }).click()]);
  assert.equal(download.suggestedFilename(), 'almanac.py');
  assert.match(await readFile(await download.path(), 'utf8'), /STATIONS/);
  await search.fill('harmonics');
  await page.getByRole('treeitem').getByText('harmonics.bin').click();
  await page.locator('.file-view').getByText(/Not a text/).waitFor();
  const tree = page.getByRole('tree');
  await tree.focus();
  await search.fill('.py');
  await tree.press('End');
  await tree.press('Enter');
  assert.match(await page.locator('.file-view h2').textContent(), /\.py$/);
  assert.deepEqual(problems, []);
  await page.close();
});

test('a search and an open file survive when a key is trusted and another file is looked at', async () => {
  const { page } = await opened(context, server.url);
  await sample(page, 'Unknown key');
  await tab(page, 'Files');
  await page.getByRole('searchbox', { name: /Find a file/ }).fill('almanac');
  await page.getByRole('treeitem').getByText('almanac.py').click();
  await page.locator('.text').waitFor();
  await page.getByRole('button', { name: /Name and trust this key/ }).click();
  await page.getByLabel('Call it').fill('Harbour Press');
  await page.getByRole('button', { name: 'Trust as “Harbour Press”' }).click();
  await page.locator('.hero.is-good').waitFor();
  assert.match(await page.locator('.sentence').textContent(), /Signed by Harbour Press, a key you trusted on \d+ \w+ \d{4}/);
  assert.equal(await page.getByRole('searchbox', { name: /Find a file/ }).inputValue(), 'almanac');
  assert.match(await page.locator('.text').textContent(), /def height/);
  await page.getByRole('button', { name: 'Stop trusting' }).click();
  await page.locator('.hero.is-care').waitFor();
  assert.equal(await page.getByRole('searchbox', { name: /Find a file/ }).inputValue(), 'almanac');
  await page.close();
});

test('100,000 files are a list of a few rows', async () => {
  const file = largePackage(folder, 'entries', 100_000);
  const { page } = await opened(context, server.url);
  context.setDefaultTimeout(90_000);
  await page.locator('#input').setInputFiles(file);
  await done(page);
  await tab(page, 'Files');
  await page.locator('.search output').getByText('100,000 entries').waitFor();
  assert.ok(await page.getByRole('treeitem').count() < 80);
  await page.getByRole('searchbox', { name: /Find a file/ }).fill('file-099999');
  await page.getByRole('treeitem').getByText('file-099999').waitFor();
  assert.equal(await page.getByRole('treeitem').count(), 1);
  context.setDefaultTimeout(20_000);
  await page.close();
});

test('how it runs is put into words', async () => {
  const { page } = await opened(context, server.url);
  await sample(page, 'Good');
  await tab(page, 'How it runs');
  const text = await panel(page).textContent();
  assert.match(text, /Clears your environment; lets through PATH, HOME, LANG, LC_\*, TERM\./);
  assert.match(text, /Renames TIDE_API_TOKEN to TIDEWATCH_TOKEN/);
  assert.match(text, /\{workenv\}\/bin\/python3 -m tidewatch/);
  await page.close();
});

test('the bill of materials is listed', async () => {
  const { page } = await opened(context, server.url);
  await sample(page, 'Good');
  await tab(page, 'Components');
  await panel(page).locator('tbody tr').nth(10).waitFor();
  assert.equal(await panel(page).locator('tbody tr').count(), 11);
  assert.match(await panel(page).textContent(), /certifi 2025\.1\.31MPL-2\.0/);
  await tab(page, 'Provenance');
  assert.match(await panel(page).textContent(), /builder_version\s*0\.1\.0/);
  await page.close();
});

test('two packages are compared as a story, and change places', async () => {
  const { page, problems } = await opened(context, server.url);
  await page.getByRole('button', { name: 'What changed between two versions?' }).click();
  const view = page.locator('.comparison');
  await view.waitFor();
  const text = await view.textContent();
  assert.match(text, /tidewatch 2\.0\.3 → 2\.1\.0/);
  assert.match(text, /Both are signed by the publisher of the samples/);
  assert.match(text, /added: moon\.py/);
  assert.match(text, /removed: legacy\.py/);
  assert.match(text, /changed: almanac\.py/);
  assert.match(text, /certifi.*2025\.1\.31 new/);
  assert.match(text, /click8\.1\.7 → 8\.1\.8/);
  await page.getByRole('button', { name: 'Swap' }).click();
  await page.locator('.comparison h1').filter({ hasText: '2.1.0 → 2.0.3' }).waitFor();
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page.locator('.many').waitFor();
  assert.deepEqual(problems, []);
  await page.close();
});

// The byte map, the contents, the words about execution, the bill of materials, the comparison.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { done, largePackage, opened, panel, sample, setUp, tab } from './page.mjs';

const { server, context, folder } = await setUp();

test('the byte map is to scale, and is walked and zoomed by keys', async () => {
  const { page, problems } = await opened(context, server.url);
  await sample(page, 'Tampered');
  const widths = await page.locator('.map-piece').evaluateAll((nodes) => nodes.map((node) => [node.sections.map(({ start, end }) => end - start).reduce((a, b) => a + b), node.offsetWidth]));
  const bytes = widths.reduce((sum, [length]) => sum + length, 0);
  const bar = await page.locator('.map-bar').evaluate((node) => node.clientWidth);
  for (const [length, width] of widths) assert.ok(Math.abs(width - (length / bytes) * bar) <= 2.5, `${length} bytes are ${width} pixels wide`);
  assert.ok(await page.locator('.map-piece.is-unprotected').count() > 0, 'the changed slot is marked');
  await page.locator('.map-piece[tabindex="0"]').focus();
  await page.keyboard.press('Home');
  assert.match(await page.locator('.map-detail').textContent(), /launcher.*bytes 0–127/);
  await page.keyboard.press('ArrowRight');
  assert.match(await page.locator('.map-detail').textContent(), /slot table/);
  await page.keyboard.press('+');
  await page.locator('.map-overview').waitFor();
  await page.keyboard.press('0');
  await page.locator('.map-overview').waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Show bytes' }).click();
  assert.match(await page.locator('.map-detail .hex').textContent(), /^00000080 /);
  assert.deepEqual(problems, []);
  await page.close();
});

test('the files of a slot are found, read and saved', async () => {
  const { page, problems } = await opened(context, server.url);
  await sample(page, 'Good');
  await tab(page, 'Contents');
  const tree = page.getByRole('tree', { name: 'Files of slot 1' });
  await tree.getByText('almanac.py').click();
  await page.getByRole('button', { name: 'View as text' }).click();
  assert.match(await page.locator('.text').textContent(), /def height\(station, hour\)/);
  await page.getByRole('button', { name: 'View as hex' }).click();
  assert.match(await page.locator('.file-view .hex').textContent(), /^00000000 {2}69 6d 70 6f 72 74/);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()]);
  assert.equal(download.suggestedFilename(), 'almanac.py');
  assert.match(await readFile(await download.path(), 'utf8'), /STATIONS/);
  await page.getByLabel('Find a file in Files of slot 1').fill('harmonics');
  await page.getByRole('treeitem').getByText('tidewatch/data/harmonics.bin').click();
  await page.getByRole('button', { name: 'View as text' }).click();
  await page.locator('.file-bytes').getByText(/Not a text/).waitFor();
  await tree.focus();
  await page.getByLabel('Find a file in Files of slot 1').fill('');
  await tree.press('End');
  await tree.press('Enter');
  assert.match(await page.locator('.file-view h2').textContent(), /stations\.json|moon\.py|chart\.py/);
  assert.deepEqual(problems, []);
  await page.close();
});

test('100,000 files are a list of a few rows', async () => {
  const file = largePackage(folder, 'entries', 100_000);
  const { page } = await opened(context, server.url);
  await page.locator('#input').setInputFiles(file);
  await done(page);
  await tab(page, 'Contents');
  await panel(page).getByText('100,000 entries', { exact: true }).first().waitFor({ timeout: 60_000 });
  assert.ok(await page.getByRole('treeitem').count() < 80);
  await page.getByRole('searchbox').fill('file-099999');
  await page.getByRole('treeitem').getByText('folder-199/file-099999.txt').waitFor();
  assert.equal(await page.getByRole('treeitem').count(), 1);
  await page.close();
});

test('the environment is put into words', async () => {
  const { page } = await opened(context, server.url);
  await sample(page, 'Good');
  await tab(page, 'How it runs');
  const text = await panel(page).textContent();
  assert.match(text, /Clears the environment; lets through PATH, HOME, LANG, LC_\*, TERM\./);
  assert.match(text, /Renames TIDE_API_TOKEN to TIDEWATCH_TOKEN/);
  assert.match(text, /\{workenv\}\/bin\/python3 -m tidewatch/);
  await page.close();
});

test('the bill of materials is searched', async () => {
  const { page } = await opened(context, server.url);
  await sample(page, 'Good');
  await tab(page, 'Components');
  await panel(page).locator('tbody tr').nth(10).waitFor();
  assert.equal(await panel(page).locator('tbody tr').count(), 11);
  await page.getByLabel('Find a component or licence').fill('mpl');
  assert.deepEqual(await panel(page).locator('tbody th').allTextContents(), ['certifi']);
  await tab(page, 'Provenance');
  assert.match(await panel(page).textContent(), /builder_version\s*0\.1\.0/);
  await page.close();
});

test('two packages are compared', async () => {
  const { page, problems } = await opened(context, server.url);
  await sample(page, 'Older version');
  const newer = await page.evaluateHandle(() => document.querySelector('#samples button'));
  await newer.evaluate((node) => node.click());
  await page.locator('.file-tab').nth(1).waitFor();
  await done(page);
  await page.getByRole('button', { name: 'Compare the two' }).click();
  const view = page.locator('.comparison');
  await view.waitFor();
  const text = await view.textContent();
  assert.match(text, /Both name the same signing key/);
  assert.match(text, /package\.version.*2\.0\.3.*2\.1\.0/);
  assert.match(text, /added: tidewatch\/moon\.py/);
  assert.match(text, /removed: tidewatch\/legacy\.py/);
  assert.match(text, /changed: tidewatch\/almanac\.py/);
  assert.deepEqual(problems, []);
  await page.close();
});

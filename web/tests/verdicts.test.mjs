// Each sample's verdict, and how a package gets onto the page.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { done, drop, largePackage, opened, sample, setUp } from './page.mjs';

const { server, chromium, context, folder } = await setUp();

const EXPECTED = [
  ['Good', 'trusted', 'Trusted signer', /Every byte is exactly what the holder of key .* signed, and you trust that key/],
  ['Unknown key', 'unknown', 'Intact, unknown signer', /anyone can make a key/],
  ['Tampered', 'invalid', 'Invalid', /Do not run it/],
  ['Not signed', 'unsigned', 'Not signed', /Nobody vouches/],
  ['Hostile paths', 'invalid', 'Unsafe contents', /reach for more than they should/],
  ['Older version', 'trusted', 'Trusted signer', /you trust that key/],
];

for (const [title, kind, word, sentence] of EXPECTED) {
  test(`the sample "${title}" is: ${word}`, async () => {
    const { page, problems } = await opened(context, server.url);
    await sample(page, title);
    assert.equal(await page.locator('#verdict-word').textContent(), word);
    assert.match(await page.locator('.sentence').textContent(), sentence);
    assert.deepEqual((await page.locator('.verdict').getAttribute('class')).split(' '), ['verdict', `is-${kind}`]);
    assert.match(await page.locator('#announcement').textContent(), new RegExp(word));
    assert.deepEqual(problems, []);
    await page.close();
  });
}

test('only a trusted key looks like success', async () => {
  const { page } = await opened(context, server.url);
  const colours = {};
  for (const title of ['Good', 'Unknown key', 'Not signed']) {
    await sample(page, title);
    colours[title] = await page.locator('#verdict-word').evaluate((node) => getComputedStyle(node).color);
  }
  assert.notEqual(colours.Good, colours['Unknown key']);
  assert.notEqual(colours.Good, colours['Not signed']);
  assert.equal(await page.locator('.verdict .is-trusted').count(), 0);
  await page.close();
});

test('a dropped file that is no package is said to be none', async () => {
  const { page, problems } = await opened(context, server.url);
  await drop(page, [{ name: 'notes.txt', bytes: Buffer.from('no package\n'.repeat(4000)) }]);
  await done(page);
  assert.equal(await page.locator('#verdict-word').textContent(), 'Not a package');
  assert.deepEqual(problems, []);
  await page.close();
});

test('several files are opened at once, and an empty one does no harm', async () => {
  const { page } = await opened(context, server.url);
  await drop(page, ['one.psp', 'two.psp', 'empty.psp'].map((name, at) => ({ name, bytes: Buffer.alloc(at === 2 ? 0 : 20_000, at) })));
  await page.locator('.file-tab').nth(2).waitFor();
  await page.waitForFunction(() => !document.querySelector('.file-tab.is-waiting'));
  assert.equal(await page.locator('.file-tab.is-invalid').count(), 3);
  await page.close();
});

test('a large file shows its head at once, counts on, answers, and can be cancelled and taken up again', async () => {
  const file = largePackage(folder, 'zeros', 600_000_000);
  const { page, problems } = await opened(context, server.url);
  await page.locator('#input').setInputFiles(file);
  await page.locator('.facts').getByText('large', { exact: true }).waitFor();
  const bar = page.getByRole('progressbar');
  await page.waitForFunction(() => document.querySelector('progress')?.value > 0.05);
  // The page answers while the worker reads.
  await page.getByRole('button', { name: /^Theme/ }).click();
  assert.match(await page.locator('#theme').textContent(), /light/);
  assert.ok(await bar.evaluate((node) => node.value < 1));
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('Cancelled', { exact: true }).first().waitFor();
  assert.match(await page.locator('.sentence').textContent(), /nothing is proved/);
  await page.getByRole('button', { name: 'Verify again' }).click();
  await page.locator('#verdict-word').getByText('Intact, unknown signer').waitFor({ timeout: 60_000 });
  assert.deepEqual(problems, []);
  await page.close();
});

test('a key that is trusted while its package is read counts for the verdict', async () => {
  const own = await chromium.newContext();
  const { page, problems } = await opened(own, server.url);
  await page.locator('#input').setInputFiles(largePackage(folder, 'zeros', 200_000_000));
  await page.waitForFunction(() => document.querySelector('progress')?.value > 0.05);
  page.once('dialog', (dialog) => dialog.accept());
  await page.getByRole('button', { name: 'Trust this key' }).click();
  await done(page);
  assert.equal(await page.locator('#verdict-word').textContent(), 'Trusted signer');
  assert.deepEqual(problems, []);
  await own.close();
});

test('the saved report is the engine’s', async () => {
  const { page } = await opened(context, server.url);
  await sample(page, 'Unknown key');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save report (JSON)' }).click()]);
  assert.equal(download.suggestedFilename(), 'tidewatch-report.json');
  const path = join(folder, 'report.json');
  await download.saveAs(path);
  const report = JSON.parse(readFileSync(path, 'utf8'));
  assert.equal(report.state, 'sealed');
  assert.equal(report.trust, 'unknown_key');
  assert.equal(report.coverage.reduce((sum, { range }) => sum + range.end - range.start, 0), report.size);
  await page.close();
});

test('a printed report has every part', async () => {
  const { page } = await opened(context, server.url);
  await sample(page, 'Good');
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  for (const name of ['Findings', 'Contents', 'How it runs', 'Components', 'Provenance', 'Metadata']) {
    assert.ok(await page.locator(`.tab-panel[data-name="${name}"]`).isVisible(), name);
  }
  assert.ok(!(await page.locator('.tab-list').isVisible()));
  writeFileSync(join(folder, 'report.pdf'), await page.pdf());
  await page.close();
});

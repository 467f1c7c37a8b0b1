// Accessibility rules (axe-core), and pictures at three widths in both themes, which land in target/web-screenshots.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { same } from './pictures.mjs';
import { browser, drop, host, opened, panel, sample, tab } from './page.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pictures = process.env.PSPF_WEB_SCREENSHOTS ?? fileURLToPath(new URL('../../target/web-screenshots', import.meta.url));

/** Largest picture of the README, in bytes. */
const PICTURE_MAX = 150_000;

let chromium;
let server;

before(async () => {
  mkdirSync(pictures, { recursive: true });
  server = await host();
  chromium = await browser();
});
after(async () => {
  await chromium?.close();
  await server?.close();
});

async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + ' ' + (node.any[0]?.message ?? '')).join(' | ')}`);
}

const TABS = ['Components', 'How it runs', 'Files', 'Findings', 'Provenance', 'Metadata', 'Sections'];

for (const colorScheme of ['light', 'dark']) {
  test(`no accessibility rule is broken (${colorScheme})`, async () => {
    const context = await chromium.newContext({ colorScheme });
    const { page } = await opened(context, server.url);
    await page.locator('.live .treemap').waitFor();
    assert.deepEqual(await violations(page), [], 'start');
    for (const title of ['Good', 'Unknown key', 'Tampered', 'Not signed', 'Hostile paths']) {
      await sample(page, title);
      assert.deepEqual(await violations(page), [], title);
      if (title === 'Unknown key') {
        await page.getByRole('button', { name: /Name and trust this key/ }).click();
        assert.deepEqual(await violations(page), [], 'naming a key');
        await page.getByRole('button', { name: 'Cancel' }).click();
      }
      if (title !== 'Good' && title !== 'Hostile paths') continue;
      for (const name of TABS) {
        await tab(page, name);
        if (name === 'Files') {
          await page.getByRole('searchbox', { name: /Find a file/ }).fill(title === 'Good' ? 'almanac' : 'readme');
          await panel(page).getByRole('treeitem').first().click();
          await page.locator(title === 'Good' ? '.text' : '.file-view h2').waitFor();
        }
        assert.deepEqual(await violations(page), [], `${title}, ${name}`);
      }
    }
    await page.locator('#home').click();
    await page.getByRole('button', { name: 'What changed between two versions?' }).click();
    await page.locator('.comparison').waitFor();
    assert.deepEqual(await violations(page), [], 'comparison');
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.locator('.many').waitFor();
    assert.deepEqual(await violations(page), [], 'several files');
    await page.getByRole('button', { name: /^Trusted keys/ }).click();
    assert.deepEqual(await violations(page), [], 'keys');
    await context.close();
  });

  for (const width of [390, 820, 1440]) {
    test(`nothing runs over the edge at ${width} pixels (${colorScheme})`, async () => {
      const context = await chromium.newContext({ colorScheme, viewport: { width, height: 900 }, reducedMotion: 'reduce' });
      const blank = await context.newPage();
      const { page } = await opened(context, server.url);
      const picture = async (name) => {
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is wider than the window`);
        await page.evaluate(() => { document.activeElement?.blur(); scrollTo(0, 0); });
        const full = `${name}-${width}-${colorScheme}`;
        await same(blank, full, await page.screenshot({ path: join(pictures, `${full}.png`), fullPage: true }));
      };
      await page.locator('.live .treemap').waitFor();
      await picture('landing');
      for (const [title, name] of [['Good', 'Components'], ['Tampered', 'Files'], ['Hostile paths', 'Files'], ['Unknown key', 'How it runs'], ['Not signed', 'Components']]) {
        await sample(page, title);
        await page.locator('.facts code').waitFor();
        await tab(page, name);
        await picture(title.toLowerCase().replaceAll(' ', '-'));
      }
      await sample(page, 'Good');
      await tab(page, 'Files');
      await page.getByRole('searchbox', { name: /Find a file/ }).fill('almanac');
      await panel(page).getByRole('treeitem').getByText('almanac.py').click();
      await page.locator('.text').waitFor();
      await page.getByRole('button', { name: 'Hex', exact: true }).click();
      await page.locator('.file-view .hex').waitFor();
      await picture('files');
      await sample(page, 'Unknown key');
      await page.getByRole('button', { name: /Name and trust this key/ }).click();
      await picture('naming');
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.locator('#home').click();
      await page.getByRole('button', { name: 'What changed between two versions?' }).click();
      await page.locator('.comparison').waitFor();
      await picture('compare');
      await page.getByRole('button', { name: 'Close', exact: true }).click();
      await page.locator('.many').waitFor();
      await picture('many');
      await drop(page, [{ name: 'pixel.png', bytes: Buffer.from('89504e470d0a1a0a00000000', 'hex') }]);
      await page.locator('.calm-card dd').first().waitFor();
      await picture('not-a-package');
      await context.close();
    });
  }
}

test('the picture of the README is small', async () => {
  const context = await chromium.newContext({ colorScheme: 'light', viewport: { width: 1080, height: 900 } });
  const { page } = await opened(context, server.url);
  await sample(page, 'Unknown key');
  await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
  const path = join(pictures, 'readme.png');
  await page.screenshot({ path });
  assert.ok(statSync(path).size < PICTURE_MAX);
  await context.close();
});

test('everything on the way to a verdict works by keyboard', async () => {
  const context = await chromium.newContext();
  const { page } = await opened(context, server.url);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  while (await page.evaluate(() => !document.activeElement.closest('#samples'))) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.locator('.hero.is-good').waitFor();
  await page.locator('section.tabs').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'heading', 'focus is on the name');
  while (await page.evaluate(() => document.activeElement.getAttribute('role') !== 'tab')) await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.evaluate(() => document.activeElement.dataset.name), 'Files');
  await panel(page).getByRole('tree').waitFor();
  await context.close();
});

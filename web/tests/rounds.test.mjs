// Files that are opened one after the other, again and again: each gets its verdict. PSPF_WEB_ROUNDS says how often (`cargo xtask soak-web`).

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { largePackage, opened, setUp, site } from './page.mjs';

const ROUNDS = Number(process.env.PSPF_WEB_ROUNDS ?? 4);

/** Milliseconds between two files: the first is being read when the next one comes. */
const GAP = 150;

const { server, chromium, folder } = await setUp();

test(`three files at once, ${ROUNDS} times`, async () => {
  const files = [20_000_000, 11_000_000, 19_000_000].map((size) => largePackage(folder, 'zeros', size, `${size}.psp`));
  const stalled = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    // The site, and the page that is one file; a context each, as nothing of the last round is to help.
    const url = round % 2 ? server.url : pathToFileURL(join(site, 'pspf-viewer.html')).href;
    const context = await chromium.newContext();
    const { page } = await opened(context, url);
    for (const file of files) {
      await page.locator('#input').setInputFiles(file);
      await page.waitForTimeout(GAP);
    }
    await page.getByText('All files').click();
    const done = page.waitForFunction((count) => document.querySelectorAll('.many tbody tr').length === count && !document.querySelector('.many tbody .badge.is-wait'), files.length, { timeout: 60_000 });
    await done.catch(async () => stalled.push(`round ${round}, ${url}: ${(await page.locator('.many tbody tr').allTextContents()).join(', ')}`));
    await context.close();
  }
  assert.deepEqual(stalled, []);
});

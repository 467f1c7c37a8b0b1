// The build that reads packages of its own site, by ranges.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { browser, done, host, largePackage, opened, panel, samples, scratch, tab, word } from './page.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = scratch();
const site = join(folder, 'site');
let chromium;
let server;
let page;
let problems;

before(async () => {
  const engine = join(root, 'npm/dist');
  execFileSync(process.execPath, [join(root, 'web/build.mjs'), '--engine', engine, '--wasm', join(engine, 'pspf.wasm'),
    '--samples', samples, '--out', site, '--same-origin-urls']);
  copyFileSync(join(samples, 'sample-0.psp'), join(site, 'sample.psp'));
  largePackage(site, 'zeros', 50_000_000);
  server = await host(site);
  chromium = await browser();
  ({ page, problems } = await opened(await chromium.newContext(), server.url));
});
after(async () => {
  await chromium?.close();
  await server?.close();
  rmSync(folder, { recursive: true });
});

test('a package of the page’s own site is verified and read', async () => {
  await page.getByLabel('Or an address on this site').fill('sample.psp');
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await done(page);
  assert.equal(await word(page), 'Unknown signer');
  await tab(page, 'Files');
  await panel(page).getByRole('searchbox', { name: /Find a file/ }).fill('almanac');
  await panel(page).getByRole('treeitem').getByText('almanac.py').click();
  await panel(page).getByText('def height(station, hour)').waitFor();
  assert.deepEqual(problems, []);
});

test('another site’s is refused, by the page and by its policy', async () => {
  await page.locator('#home').click();
  await page.getByLabel('Or an address on this site').fill('https://example.invalid/a.psp');
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await page.getByText('Only addresses of this site can be read.').waitFor();
  const [worker] = page.workers();
  assert.equal(await worker.evaluate(() => fetch('https://example.invalid/').then(() => 'connected', () => 'refused')), 'refused');
});

test('`?file=` opens a package of the page’s own site', async () => {
  const other = await page.context().newPage();
  await other.goto(`${server.url}?file=sample.psp`);
  await done(other);
  assert.equal(await word(other), 'Unknown signer');
  await other.close();
});

test('a large package is read by ranges', async () => {
  const before = server.asked.length;
  await page.getByLabel('Or an address on this site').fill('zeros.psp');
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await done(page);
  assert.equal(await word(page), 'Unknown signer');
  assert.ok(server.asked.slice(before).filter((path) => path === '/zeros.psp').length > 5, 'it was read in pieces');
});

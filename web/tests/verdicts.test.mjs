// Each sample's verdict, and how a package gets onto the page.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { done, drop, largePackage, opened, sample, samples, setUp, word } from './page.mjs';

const { server, context, folder } = await setUp();

const EXPECTED = [
  ['Good', 'good', 'Trusted signer', /Signed by the publisher of the samples/],
  ['Unknown key', 'care', 'Unknown signer', /Signed by an unknown key, [0-9a-f]{4} /],
  ['Tampered', 'bad', 'Changed since signing', /The part app \(.*\) was changed after it was signed\. Do not run it/],
  ['Not signed', 'calm', 'Not signed', /Nobody vouches/],
  ['Hostile paths', 'bad', 'Unsafe contents', /A start would refuse what is in it\. Do not run it/],
];

for (const [title, look, badge, sentence] of EXPECTED) {
  test(`the sample "${title}" is: ${badge}`, async () => {
    const { page, problems } = await opened(context, server.url);
    await sample(page, title);
    assert.equal(await word(page), badge);
    assert.match(await page.locator('.sentence').textContent(), sentence);
    assert.ok((await page.locator('.hero').getAttribute('class')).split(' ').includes(`is-${look}`));
    assert.match(await page.locator('#announcement').textContent(), new RegExp(badge));
    assert.deepEqual(problems, []);
    await page.close();
  });
}

/** The colours of everything that is painted in a page's report. */
const painted = (page) => page.locator('#view').evaluate((view) => {
  const found = new Set();
  for (const node of [view, ...view.querySelectorAll('*')]) {
    const { color, backgroundColor, borderTopColor, stroke } = getComputedStyle(node);
    for (const colour of [color, backgroundColor, borderTopColor, stroke]) found.add(colour);
  }
  const tokens = getComputedStyle(document.documentElement);
  const probe = document.createElement('i');
  document.body.append(probe);
  const greens = ['--good', '--good-soft', '--good-line'].map((name) => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color; });
  probe.remove();
  return { tokens: tokens.length, green: greens.filter((colour) => found.has(colour)) };
});

test('green is for a finished, trusted verdict and for nothing else', async () => {
  const { page } = await opened(context, server.url);
  for (const [title] of EXPECTED) {
    await sample(page, title);
    const { green } = await painted(page);
    assert.equal(green.length > 0, title === 'Good', `${title}: ${green}`);
  }
  await page.close();
});

test('four steps, each with its state, and what is not done is visibly undone', async () => {
  const { page } = await opened(context, server.url);
  const kinds = async (title) => {
    await sample(page, title);
    return page.locator('.step').evaluateAll((nodes) => nodes.map((node) => ['done', 'failed', 'asks', 'undone', 'wait', 'runs'].find((kind) => node.classList.contains(kind))));
  };
  assert.deepEqual(await kinds('Good'), ['done', 'done', 'done', 'done']);
  assert.deepEqual(await kinds('Unknown key'), ['done', 'done', 'done', 'asks']);
  assert.deepEqual(await kinds('Tampered'), ['done', 'failed', 'undone', 'undone']);
  assert.deepEqual(await kinds('Not signed'), ['undone', 'done', 'done', 'undone']);
  assert.deepEqual(await kinds('Hostile paths'), ['done', 'done', 'failed', 'undone']);
  await page.close();
});

test('a dropped file that is no package is said to be what it is', async () => {
  const { page, problems } = await opened(context, server.url);
  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(9000), Buffer.from('IEND')]);
  for (const [name, bytes, what] of [['notes.txt', Buffer.from('no package\n'.repeat(4000)), /is a text/], ['pixel.png', png, /is a PNG picture/], ['empty.psp', Buffer.alloc(0), /is empty/]]) {
    await drop(page, [{ name, bytes }]);
    await done(page);
    assert.equal(await word(page), 'Not a package');
    await page.locator('h1').filter({ hasText: what }).waitFor();
    assert.equal(await page.locator('.byte-map, section.tabs').count(), 0, 'no map, no tabs');
    await page.locator('#home').click();
  }
  assert.deepEqual(problems, []);
  await page.close();
});

test('several files are a table, and an empty one does no harm', async () => {
  const { page } = await opened(context, server.url);
  await drop(page, ['one.psp', 'two.psp', 'empty.psp'].map((name, at) => ({ name, bytes: Buffer.alloc(at === 2 ? 0 : 20_000, at) })));
  await page.locator('.many tbody tr').nth(2).waitFor();
  await page.waitForFunction(() => document.querySelectorAll('.many td .badge.is-calm').length === 3);
  await page.locator('.many').getByRole('button', { name: 'one.psp', exact: true }).click();
  assert.equal(await word(page), 'Not a package');
  await page.getByRole('button', { name: 'All files' }).click();
  await page.locator('.many').waitFor();
  await page.close();
});

test('more files than are open at once are said to be left out', async () => {
  const { page } = await opened(context, server.url);
  await drop(page, Array.from({ length: 23 }, (_, at) => ({ name: `${at}.psp`, bytes: Buffer.alloc(10) })));
  await page.getByText('At most 20 files are open at once: 3 were left out.').first().waitFor();
  await page.close();
});

test('a large file shows its head at once, counts on, answers, and can be cancelled and taken up again', async () => {
  const file = largePackage(folder, 'zeros', 600_000_000);
  const { page, problems } = await opened(context, server.url);
  await page.locator('#input').setInputFiles(file);
  await page.locator('h1').filter({ hasText: 'large' }).waitFor();
  await page.waitForFunction(() => Number(document.querySelector('.step.runs [role="progressbar"]')?.getAttribute('aria-valuenow')) >= 5);
  assert.equal(await word(page), 'Checking');
  assert.equal(await page.getByRole('button', { name: /trust this key/ }).count(), 0, 'nothing to decide yet');
  // The page answers while the worker reads.
  await page.locator('#theme').click();
  assert.match(await page.locator('#theme').textContent(), /light/);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.locator('.hero[data-phase="cancelled"]').waitFor();
  assert.equal(await word(page), 'Not checked to the end');
  assert.match(await page.locator('.sentence').textContent(), /You stopped the check after .* Nothing can be said/);
  assert.equal(await page.locator('.step.undone').count(), 3);
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.locator('.hero[data-phase="done"]').waitFor({ timeout: 60_000 });
  // Contents of so many bytes are not looked at by themselves, which is no success.
  assert.equal(await word(page), 'Not checked to the end');
  assert.match(await page.locator('.hero').textContent(), /its contents were not/);
  assert.deepEqual(problems, []);
  await page.close();
});

test('the saved reports are the engine’s, and one file that needs nothing else', async () => {
  const { page } = await opened(context, server.url);
  await sample(page, 'Unknown key');
  const saved = async (name) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name, exact: true }).click()]);
    const path = join(folder, download.suggestedFilename());
    await download.saveAs(path);
    return [download.suggestedFilename(), readFileSync(path, 'utf8')];
  };
  const [name, text] = await saved('Save report (JSON)');
  assert.equal(name, 'tidewatch-report.json');
  const report = JSON.parse(text);
  assert.deepEqual([report.state, report.trust, report.verdict.word, report.contents.looked], ['sealed', 'unknown_key', 'unknown', 'accepted']);
  assert.equal(report.coverage.reduce((sum, { range }) => sum + range.end - range.start, 0), report.size);
  await page.locator('.facts code').waitFor();
  const [, html] = await saved('Save report');
  for (const said of ['Unknown signer', 'What is not proved', 'tidewatch/almanac.py', report.signer.fingerprint, 'SHA-256']) assert.ok(html.includes(said), said);
  assert.ok(!/<(script|link|img|iframe)/i.test(html));
  await page.close();
});

test('the report’s JSON is what the command writes, byte for byte', { skip: !process.env.PSPF_FLAVOR && 'PSPF_FLAVOR is not set' }, async () => {
  const { page } = await opened(context, server.url);
  const file = join(samples, 'sample-1.psp');
  const native = execFileSync(process.env.PSPF_FLAVOR, ['verify', '--json', '--contents', file], { encoding: 'utf8', env: { HOME: folder } }).trimEnd();
  await page.locator('#input').setInputFiles(file);
  await done(page);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save report (JSON)' }).click()]);
  assert.equal(readFileSync(await download.path(), 'utf8'), `{${native.slice(native.indexOf('"schema":'))}`);
  await page.close();
});

test('a printed report has every part', async () => {
  const { page } = await opened(context, server.url);
  await sample(page, 'Good');
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  for (const name of ['Components', 'How it runs', 'Files', 'Findings', 'Provenance', 'Metadata', 'Sections']) {
    assert.ok(await page.locator(`.tab-panel[data-name="${name}"]`).isVisible(), name);
  }
  assert.ok(!(await page.locator('.tiles').isVisible()));
  writeFileSync(join(folder, 'report.pdf'), await page.pdf());
  await page.close();
});

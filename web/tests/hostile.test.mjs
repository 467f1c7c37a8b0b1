// What a package says stays text, and nothing reaches a network.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { opened, panel, sample, setUp, site, tab, word } from './page.mjs';

const { server, chromium, context, folder } = await setUp();

test('markup and invisible characters of a package are shown as text', async () => {
  const { page, problems } = await opened(context, server.url);
  let dialogs = 0;
  page.on('dialog', (dialog) => { dialogs += 1; dialog.dismiss(); });
  await sample(page, 'Hostile paths');
  assert.match(await page.locator('h1#heading').textContent(), /<img src=x onerror=alert\(1\)>holiday-U\+202Egpj\.exe/);
  assert.match(await page.title(), /⟨U\+202E⟩/);
  for (const name of ['Findings', 'Files', 'How it runs', 'Components', 'Provenance', 'Metadata', 'Sections']) {
    await tab(page, name);
    assert.ok(!/[\u202a-\u202e\u2066-\u2069\u0000\u001b]/.test(await page.locator('body').innerText()), `${name} has a raw control character`);
  }
  assert.equal(await page.locator('#view img, #view script, #view iframe').count(), 0);
  assert.match(await page.locator('.tab-panel[data-name="Findings"]').textContent(), /authorized_keys/);
  assert.equal(dialogs, 0);
  assert.deepEqual(problems, []);
  await page.close();
});

test('an archive that leaves its folder is refused, and what came before it is listed', async () => {
  const { page } = await opened(context, server.url);
  await sample(page, 'Hostile paths');
  await tab(page, 'Files');
  await panel(page).getByText('The archive was refused.').waitFor();
  await page.getByRole('searchbox', { name: /Find a file/ }).fill('photos');
  await page.getByRole('treeitem').getByText('readme.txt').waitFor();
  await page.getByRole('treeitem').getByText('beach⟨U+202E⟩gpj.sh').waitFor();
  assert.equal(await page.getByRole('button', { name: /trust this key/ }).count(), 0, 'trust is not offered');
  await tab(page, 'How it runs');
  assert.match(await panel(page).textContent(), /Look twice: LD_PRELOAD/);
  await page.close();
});

test('neither the page nor its worker can connect to anything', async () => {
  const { page } = await opened(context, server.url);
  await sample(page, 'Good');
  const before = server.asked.length;
  const attempt = async () => {
    const tried = [];
    for (const address of ['/index.html', 'https://example.invalid/']) {
      tried.push(await fetch(address).then(() => 'connected', () => 'refused'));
    }
    return tried;
  };
  // `location.origin` of a Blob worker is the page's: the address is made whole for it.
  const inWorker = (origin) => Promise.all([`${origin}/index.html`, 'https://example.invalid/'].map((address) => fetch(address).then(() => 'connected', () => 'refused')));
  assert.deepEqual(await page.evaluate(attempt), ['refused', 'refused']);
  const [worker] = page.workers();
  assert.deepEqual(await worker.evaluate(inWorker, new URL(server.url).origin), ['refused', 'refused']);
  assert.equal(server.asked.length, before);
  const requests = new Set(server.asked);
  assert.ok([...requests].every((path) => ['/', '/style.css', '/page.js', '/engine.js', '/samples.js', '/service-worker.js', '/favicon.ico'].includes(path)), [...requests].join(' '));
  await page.close();
});

test('the one-file page works from a disk', async () => {
  const { page, problems } = await opened(context, pathToFileURL(join(site, 'pspf-viewer.html')).href);
  await sample(page, 'Good');
  assert.equal(await word(page), 'Trusted signer');
  await tab(page, 'Files');
  await page.getByRole('searchbox', { name: /Find a file/ }).fill('almanac');
  await page.getByRole('treeitem').getByText('almanac.py').waitFor();
  assert.deepEqual(await page.evaluate(() => fetch('https://example.invalid/').then(() => 'connected', () => 'refused')), 'refused');
  assert.deepEqual(problems.filter((text) => !/Content Security Policy|Refused to connect|Fetch API/.test(text)), []);
  await page.close();
});

test('the page opens again without a network', async () => {
  const own = await chromium.newContext();
  const { page, problems } = await opened(own, server.url);
  await page.evaluate(() => navigator.serviceWorker.ready.then((registration) => new Promise((active) => {
    if (registration.active?.state === 'activated') active();
    else registration.active.addEventListener('statechange', () => active(), { once: true });
  })));
  await own.setOffline(true);
  const asked = server.asked.length;
  await page.reload();
  await page.locator('html[data-ready]').waitFor();
  await sample(page, 'Good');
  assert.equal(await word(page), 'Trusted signer');
  assert.equal(server.asked.length, asked);
  assert.deepEqual(problems, []);
  await own.close();
});

test('a key is named, trusted, remembered, and trusted no more', async () => {
  const own = await chromium.newContext();
  const { page, problems } = await opened(own, server.url);
  await sample(page, 'Unknown key');
  const fingerprint = (await page.locator('.key-card .fingerprint').textContent());
  assert.match(fingerprint, /^[0-9a-f]{64}$/);
  await page.getByRole('button', { name: /Name and trust this key/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Whose key is this?' });
  assert.equal(await dialog.getByLabel('Call it').inputValue(), '', 'never the package’s own name');
  assert.ok(await dialog.getByRole('button', { name: 'Trust' }).isDisabled(), 'a name is asked for');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await word(page), 'Unknown signer');
  await page.getByRole('button', { name: /Name and trust this key/ }).click();
  await dialog.getByLabel('Call it').fill('Acme');
  const publishers = dialog.getByLabel(/The publisher’s fingerprint/);
  await publishers.fill('ab'.repeat(32));
  await dialog.getByText('Another key. Do not trust this one.').waitFor();
  assert.ok(await dialog.getByRole('button', { name: /^Trust as/ }).isDisabled());
  await publishers.fill(`SHA256:${fingerprint.toUpperCase().match(/.{4}/g).join(' ')}`.replace('SHA256:', 'sha256:'));
  await dialog.getByText('The same, all 64 digits.').waitFor();
  await dialog.getByRole('button', { name: 'Trust as “Acme”' }).click();
  await page.locator('.hero.is-good').waitFor();
  assert.equal(await page.locator('#key-count').textContent(), '1');
  await page.reload();
  await page.locator('html[data-ready]').waitFor();
  await sample(page, 'Unknown key');
  assert.equal(await word(page), 'Trusted signer');
  await page.getByRole('button', { name: /^Trusted keys/ }).click();
  await page.getByRole('button', { name: 'Remove key Acme' }).click();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.locator('.hero.is-care').waitFor();
  assert.deepEqual(problems, []);
  await own.close();
});

test('a fingerprint that is none is refused, and a public key file is asked about and says what it changed', async () => {
  const own = await chromium.newContext();
  const { page } = await opened(own, server.url);
  await page.getByRole('button', { name: /^Trusted keys/ }).click();
  await page.getByLabel('Fingerprint (64 hexadecimal digits)').fill('abc');
  await page.getByRole('button', { name: 'Trust this fingerprint' }).click();
  await page.getByText('A fingerprint is 64 hexadecimal digits').waitFor();
  // RFC 8410 §10.1.
  const pem = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n';
  const file = join(folder, 'publisher.pem');
  writeFileSync(file, pem);
  await page.locator('#key-file').setInputFiles(file);
  await page.getByLabel('Call it').fill('Publisher');
  await page.getByRole('button', { name: 'Trust as “Publisher”' }).click();
  await page.locator('.key-list').getByText('Publisher').waitFor();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.locator('#input').setInputFiles(file);
  await page.getByText('The key in publisher.pem is one that you trust already.').first().waitFor();
  await own.close();
});

test('a revoked key is refused, whoever trusts it, and remembered', async () => {
  const own = await chromium.newContext();
  const { page, problems } = await opened(own, server.url);
  await sample(page, 'Good');
  assert.equal(await word(page), 'Trusted signer');
  const fingerprint = await page.locator('.key-card .fingerprint').textContent();
  const list = join(folder, 'revoked-keys');
  writeFileSync(list, `# lost\n${fingerprint} stolen laptop\nnonsense\n`);
  await page.getByRole('button', { name: /^Trusted keys/ }).click();
  await page.locator('#revoked-file').setInputFiles(list);
  await page.getByText('line 3').waitFor();
  writeFileSync(list, `# lost\n${fingerprint} stolen laptop\n`);
  await page.locator('#revoked-file').setInputFiles(list);
  await page.getByRole('button', { name: /^No longer revoke/ }).waitFor();
  await page.getByLabel('Fingerprint (64 hexadecimal digits)').fill(fingerprint);
  await page.getByRole('button', { name: 'Trust this fingerprint' }).click();
  await page.getByText('This key is revoked').waitFor();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.locator('.hero.is-bad').waitFor();
  assert.equal(await word(page), 'Revoked key');
  assert.equal(await page.getByRole('button', { name: /trust this key/ }).count(), 0);
  await page.reload();
  await page.locator('html[data-ready]').waitFor();
  await sample(page, 'Good');
  assert.equal(await word(page), 'Revoked key');
  assert.deepEqual(problems, []);
  await own.close();
});

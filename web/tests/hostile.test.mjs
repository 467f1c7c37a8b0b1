// What a package says stays text, and nothing reaches a network.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { opened, panel, sample, setUp, site, tab } from './page.mjs';

const { server, chromium, context, folder } = await setUp();

test('markup and invisible characters of a package are shown as text', async () => {
  const { page, problems } = await opened(context, server.url);
  let dialogs = 0;
  page.on('dialog', (dialog) => { dialogs += 1; dialog.dismiss(); });
  await sample(page, 'Hostile paths');
  assert.match(await page.locator('.facts').textContent(), /<img src=x onerror=alert\(1\)>holiday-U\+202Egpj\.exe/);
  assert.match(await page.title(), /⟨U\+202E⟩/);
  for (const name of ['Findings', 'Contents', 'How it runs', 'Components', 'Provenance', 'Metadata']) {
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
  await tab(page, 'Contents');
  await panel(page).getByText('The archive was refused.').waitFor();
  await page.getByRole('treeitem').getByText('readme.txt').waitFor();
  await page.getByRole('treeitem').getByText('beach⟨U+202E⟩gpj.sh').waitFor();
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
  assert.equal(await page.locator('#verdict-word').textContent(), 'Trusted signer');
  await tab(page, 'Contents');
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
  assert.equal(await page.locator('#verdict-word').textContent(), 'Trusted signer');
  assert.equal(server.asked.length, asked);
  assert.deepEqual(problems, []);
  await own.close();
});

test('a key is trusted, remembered, and trusted no more', async () => {
  const own = await chromium.newContext();
  const { page, problems } = await opened(own, server.url);
  await sample(page, 'Unknown key');
  page.once('dialog', (dialog) => dialog.dismiss());
  await page.getByRole('button', { name: 'Trust this key' }).click();
  assert.equal(await page.locator('#verdict-word').textContent(), 'Intact, unknown signer');
  page.once('dialog', (dialog) => dialog.accept());
  await page.getByRole('button', { name: 'Trust this key' }).click();
  await page.locator('.verdict.is-trusted').waitFor();
  await page.reload();
  await page.locator('html[data-ready]').waitFor();
  await sample(page, 'Unknown key');
  assert.equal(await page.locator('#verdict-word').textContent(), 'Trusted signer');
  await page.getByRole('button', { name: 'Trusted keys' }).click();
  await page.getByRole('button', { name: /^Remove key/ }).click();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.locator('.verdict.is-unknown').waitFor();
  assert.deepEqual(problems, []);
  await own.close();
});

test('a fingerprint that is none is refused, and a public key file is taken', async () => {
  const own = await chromium.newContext();
  const { page } = await opened(own, server.url);
  await page.getByRole('button', { name: 'Trusted keys' }).click();
  await page.getByLabel('Fingerprint (64 hexadecimal digits)').fill('abc');
  await page.getByRole('button', { name: 'Trust this fingerprint' }).click();
  await page.getByText('A fingerprint is 64 hexadecimal digits').waitFor();
  // RFC 8410 §10.1.
  const pem = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n';
  const file = join(folder, 'publisher.pem');
  writeFileSync(file, pem);
  await page.locator('#key-file').setInputFiles(file);
  await page.locator('.key-list').getByText('publisher.pem').waitFor();
  await own.close();
});

test('a revoked key is refused, whoever trusts it, and remembered', async () => {
  const own = await chromium.newContext();
  const { page, problems } = await opened(own, server.url);
  await sample(page, 'Good');
  assert.equal(await page.locator('#verdict-word').textContent(), 'Trusted signer');
  const fingerprint = (await page.locator('.facts .digest').first().textContent()).replace(/\s/g, '');
  const list = join(folder, 'revoked-keys');
  writeFileSync(list, `# lost\n${fingerprint} stolen laptop\nnonsense\n`);
  await page.getByRole('button', { name: 'Trusted keys' }).click();
  await page.locator('#revoked-file').setInputFiles(list);
  await page.getByText('line 3').waitFor();
  writeFileSync(list, `# lost\n${fingerprint} stolen laptop\n`);
  await page.locator('#revoked-file').setInputFiles(list);
  await page.getByRole('button', { name: /^No longer revoke/ }).waitFor();
  await page.getByLabel('Fingerprint (64 hexadecimal digits)').fill(fingerprint);
  await page.getByRole('button', { name: 'Trust this fingerprint' }).click();
  await page.getByText('This key is revoked').waitFor();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.locator('.verdict.is-invalid').waitFor();
  assert.equal(await page.locator('#verdict-word').textContent(), 'Revoked key');
  assert.equal(await page.getByRole('button', { name: 'Trust this key' }).count(), 0);
  await page.reload();
  await page.locator('html[data-ready]').waitFor();
  await sample(page, 'Good');
  assert.equal(await page.locator('#verdict-word').textContent(), 'Revoked key');
  assert.deepEqual(problems, []);
  await own.close();
});

// A static host and a browser, for the tests of the built page. PSPF_WEB is the folder that `cargo xtask web` leaves.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The built page. */
export const site = resolve(process.env.PSPF_WEB ?? join(root, 'dist/web'));
assert.ok(existsSync(join(site, 'index.html')), `${site} has no index.html: run \`cargo xtask web\` first`);

/** The sample packages as files. */
export const samples = resolve(process.env.PSPF_WEB_SAMPLES ?? join(root, 'target/web-samples'));

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css' };

/** Serves a folder as the plainest host would; `asked` are the paths that were asked for. `changed` are texts for some of them. */
export async function host(folder = site, changed = {}) {
  const asked = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://host');
    asked.push(pathname);
    const file = join(folder, pathname === '/' ? 'index.html' : pathname);
    if (!file.startsWith(folder) || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    if (changed[pathname]) {
      response.writeHead(200, { 'content-type': TYPES[extname(file)] }).end(changed[pathname]);
      return;
    }
    const { size } = statSync(file);
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    if (range) {
      const [start, end] = [Number(range[1]), Math.min(Number(range[2]), size - 1)];
      response.writeHead(206, { 'content-type': type, 'content-range': `bytes ${start}-${end}/${size}`, 'content-length': end - start + 1 });
      createReadStream(file, { start, end }).pipe(response);
      return;
    }
    response.writeHead(200, { 'content-type': type, 'content-length': size, 'accept-ranges': 'bytes' });
    if (request.method === 'HEAD') response.end();
    else createReadStream(file).pipe(response);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${server.address().port}/`, asked, close: () => new Promise((closed) => { server.closeAllConnections(); server.close(closed); }) };
}

/** Debian's Chromium, or the one that CHROMIUM names. */
export function browser(args = []) {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', ...args] });
}

/** What the tests of a file share: the host, the browser, a context of it, a folder. All of it goes when they are done. */
export async function setUp() {
  const folder = scratch();
  const server = await host();
  let chromium;
  after(async () => {
    await chromium?.close();
    await server.close();
    rmSync(folder, { recursive: true });
  });
  chromium = await browser();
  return { server, chromium, context: await chromium.newContext(), folder };
}

/** A page at `url` that is ready, and what went wrong in it. */
export async function opened(context, url) {
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()); });
  await page.goto(url);
  await page.locator('html[data-ready]').waitFor();
  return { page, problems };
}

/** Opens a built-in sample and waits for its verdict. */
export async function sample(page, title) {
  const button = page.locator(`#samples button[title="${title}"]`);
  // The samples are on the start page: go back to it as a reader would.
  if (!(await button.isVisible())) await page.locator('#home').click();
  await button.click();
  await done(page);
}

/** Waits until the package in sight has its verdict, and all that is shown beside it. */
export async function done(page) {
  await page.locator('.hero[data-phase="done"], .calm-card[data-phase="done"]').waitFor();
  await page.locator('section.tabs, .calm-card').first().waitFor();
}

export const word = (page) => page.locator('#verdict-word').textContent();
export const tab = (page, name) => page.locator(`[role="tab"][data-name="${name}"]`).click();
export const panel = (page) => page.locator('.tab-panel:not([data-off])');

/** A folder for what a test makes. */
export function scratch() {
  return mkdtempSync(join(tmpdir(), 'pspf-web-'));
}

/** Makes a large package by the workspace's own program (`zeros` or `entries`). */
export function largePackage(folder, kind, number, name = `${kind}.psp`) {
  const file = join(folder, name);
  const program = process.env.PSPF_LARGE_PACKAGE ?? join(root, 'target/debug/large-package');
  execFileSync(program, [kind, String(number), file]);
  return file;
}

/** Drops files on the page, as a person does. */
export async function drop(page, files) {
  const transfer = await page.evaluateHandle(async (list) => {
    const made = new DataTransfer();
    for (const { name, base64 } of list) {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      made.items.add(new File([bytes], name));
    }
    return made;
  }, files.map(({ name, bytes }) => ({ name, base64: bytes.toString('base64') })));
  await page.dispatchEvent('main', 'dragenter', { dataTransfer: transfer });
  await page.dispatchEvent('main', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('main', 'drop', { dataTransfer: transfer });
}

// Measures the built page in Chromium: `node tests/bench.mjs [PACKAGE]`. Prints the time to the first verdict on PACKAGE (else on a
// sample), and wasm memory and process growth while a package of 2 GB is verified.

import { existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { browser, done, host, largePackage, opened, scratch, site } from './page.mjs';

const SIZE = 2_147_483_648;
const MB = 1_000_000;

/** Memory that a process has of its own, in bytes: pages that it shares with files are not counted. */
function resident(pid) {
  try {
    return 1024 * Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** The browser that was started with `mark`, and all processes under it, by kind. */
function processes(mark) {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return [{ pid, parent, words, kind: /--type=(\S+)/.exec(words)?.[1] ?? 'browser' }];
    } catch {
      return []; // It has ended.
    }
  });
  const found = all.filter(({ words, kind }) => words.includes(mark) && kind === 'browser');
  for (const one of found) found.push(...all.filter(({ pid, parent }) => parent === one.pid && !found.some((other) => other.pid === pid)));
  return found;
}

const folder = scratch();
// The worker as it is, except that it keeps hold of the engine's memory.
const WATCH = 'const Real=WebAssembly.Instance;WebAssembly.Instance=function(module,imports){const made=new Real(module,imports);' +
  'self.engineMemory=()=>made.exports.memory.buffer.byteLength;return made};';
const engine = readFileSync(join(site, 'engine.js'), 'utf8').replace('workerScript="', () => `workerScript="${WATCH}`);
const server = await host(site, { '/engine.js': engine });
const mark = `pspf-bench-${process.pid}`;
const chromium = await browser([`--disk-cache-dir=/tmp/${mark}`, `--${mark}`]);
try {
  const context = await chromium.newContext();
  const { page } = await opened(context, server.url);
  const given = process.argv[2] && existsSync(process.argv[2]) ? process.argv[2] : null;
  if (given) {
    await page.locator('#input').setInputFiles(given);
  } else {
    await page.locator('#samples button').first().click();
  }
  await done(page);
  const milliseconds = await page.evaluate(() => performance.getEntriesByName('verdict')[0].startTime - performance.getEntriesByName('opened')[0].startTime);
  console.log(`first verdict on ${given ? `${given} (${(statSync(given).size / MB).toFixed(1)} MB)` : 'a sample'}: ${milliseconds.toFixed(0)} ms after it was opened`);
  await page.close();

  const { page: large } = await opened(context, server.url);
  await large.locator('#samples button').first().click();
  await done(large);
  const file = largePackage(folder, 'zeros', SIZE);
  const byKind = () => {
    const kinds = {};
    for (const { pid, kind } of processes(mark)) kinds[kind] = (kinds[kind] ?? 0) + resident(pid);
    return kinds;
  };
  const total = (kinds) => Object.values(kinds).reduce((sum, bytes) => sum + bytes, 0);
  const before = byKind();
  await large.locator('#input').setInputFiles(file);
  let peak = before;
  const started = performance.now();
  const watch = setInterval(() => {
    const now = byKind();
    if (total(now) > total(peak)) peak = now;
  }, 100);
  await large.locator('.hero[data-phase="verifying"]').waitFor();
  await large.waitForFunction(() => document.querySelector('.hero[data-phase="done"]'), null, { timeout: 600_000 });
  clearInterval(watch);
  const grown = total(peak) - total(before);
  const seconds = (performance.now() - started) / 1000;
  const [worker] = large.workers();
  const wasm = await worker.evaluate(() => self.engineMemory?.() ?? 0);
  console.log(`2 GB: ${await large.locator('#verdict-word').textContent()} in ${seconds.toFixed(1)} s (${(SIZE / MB / seconds).toFixed(0)} MB/s); ` +
    `wasm memory ${(wasm / MB).toFixed(1)} MB; all processes together grew by ${(grown / MB).toFixed(1)} MB at most (` +
    `${Object.keys(peak).map((kind) => `${kind} ${((peak[kind] - (before[kind] ?? 0)) / MB).toFixed(1)}`).join(', ')})`);
  if (wasm >= 32 * MB || grown >= 150 * MB) process.exitCode = 1;
} finally {
  await chromium.close();
  await server.close();
  rmSync(folder, { recursive: true });
}

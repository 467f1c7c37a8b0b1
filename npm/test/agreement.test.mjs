// The native command, Node and Chromium say the same of every case of the kit and of every published builder's package.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import * as pspf from '../dist/node.js';
import { folder, kit, native, npmFolder, program, published, samples } from './environment.mjs';

const cases = kit();
const built = Object.values(samples().files);
const interop = published();
const files = [...cases.map(({ file }) => file), ...built, ...interop];
const reports = native(files);

test('the kit is whole', () => {
  assert.ok(cases.length >= 154, `${cases.length} cases`);
  assert.ok(interop.length >= 5, `${interop.length} packages of published builders`);
  assert.equal(reports.length, files.length);
});

test('Node writes the native report, byte for byte', async () => {
  for (const [index, file] of files.entries()) {
    assert.equal(await pspf.verifyJson(file), reports[index], file);
  }
});

test('both commands accept the same files, with one verdict', () => {
  const parse = (text) => text.trimEnd().split('\n').map((line) => JSON.parse(line));
  const command = (name, words) => spawnSync(name, words, { env: { HOME: folder(), PATH: process.env.PATH }, encoding: 'utf8', maxBuffer: 1 << 30 });
  const left = parse(command(program('flavor'), ['verify', '--json', ...files]).stdout);
  const right = parse(command(process.execPath, [join(npmFolder, 'dist/cli.js'), 'verify', '--format', 'json', ...files]).stdout);
  assert.equal(left.length, files.length);
  for (const [index, { accepted, verdict, contents }] of left.entries()) {
    assert.deepEqual({ accepted: right[index].accepted, verdict: right[index].verdict, contents: right[index].contents }, { accepted, verdict, contents }, files[index]);
    assert.equal(accepted && ['unsafe', 'changed', 'revoked', 'unsigned'].includes(verdict.word), false, files[index]);
  }
  assert.ok(left.filter(({ verdict }) => verdict.word === 'unsafe').length >= 4, 'hostile contents are among them');
});

test('without the contents nothing is said of them, in both', async () => {
  const [bare] = native([built[0]], ['--no-contents']);
  assert.equal(await pspf.verifyJson(built[0], { contents: false }), bare);
  const { verdict, contents } = JSON.parse(bare);
  assert.deepEqual([contents.looked, verdict.stages.contents, verdict.finished], ['not_asked', 'not_asked', false]);
  assert.ok(verdict.open.some(({ key }) => key === 'contents.not_asked'));
  const limited = await pspf.verify(built[0], { contentsLimit: 1 });
  assert.deepEqual([limited.contents.looked, limited.verdict.finished], ['over_limit', false]);
});

test('Node gives the verdict that the kit wants', async () => {
  for (const { file, name, expect } of cases) {
    const report = await pspf.verify(readFileSync(file));
    assert.equal(report.ok, expect.ok, name);
    assert.equal(report.state, expect.state, name);
    for (const code of expect.codes) assert.ok(report.findings.some((finding) => finding.code === code), `${name}: ${code}`);
  }
});

test('Chromium writes the native report, byte for byte, under a policy that allows wasm and nothing else', async (t) => {
  const executablePath = ['/usr/bin/chromium', process.env.PSPF_CHROMIUM].find((path) => path && existsSync(path));
  assert.ok(executablePath, 'no Chromium: `cargo xtask setup` installs it');
  const scripts = ['/browser.js', '/inline.js', '/worker.js', '/worker-thread.js'];
  const served = { ...Object.fromEntries(scripts.map((path) => [path, 'text/javascript'])), '/pspf.wasm': 'application/wasm' };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (served[pathname]) {
      response.writeHead(200, { 'content-type': served[pathname] });
      response.end(readFileSync(join(npmFolder, 'dist', pathname)));
    } else if (/^\/\d+$/.test(pathname)) {
      response.end(readFileSync(files[Number(pathname.slice(1))]));
    } else {
      const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";
      response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy });
      response.end('<!doctype html><title>agreement</title>');
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  for (const entry of ['browser.js', 'inline.js']) {
    const found = await page.evaluate(
      async ([script, count]) => {
        const { verifyJson } = await import(script);
        const texts = [];
        for (let index = 0; index < count; index += 1) {
          texts.push(await verifyJson(await (await fetch(`/${index}`)).blob()));
        }
        return texts;
      },
      [`/${entry}`, files.length],
    );
    for (const [index, text] of found.entries()) assert.equal(text, reports[index], `${entry}: ${files[index]}`);
  }
  const worked = await page.evaluate(
    async (good) => {
      const { spawn } = await import('/worker.js');
      const worker = spawn();
      const blob = await (await fetch(`/${good}`)).blob();
      const text = await worker.verifyJson(blob);
      const entries = await worker.listFiles(blob, 0);
      const file = entries.find(({ type, size }) => type === 'file' && size > 0);
      const content = await worker.extractFile(blob, 0, file.path);
      const code = await worker.listFiles(blob, 999).catch((error) => error.code);
      const aborted = await worker.verify(blob, { signal: AbortSignal.abort() }).catch(({ name }) => name);
      worker.terminate();
      return { text, same: content.size === file.size, code, aborted };
    },
    cases.length,
  );
  assert.deepEqual(worked, { text: reports[cases.length], same: true, code: 'slot.missing', aborted: 'AbortError' });
});

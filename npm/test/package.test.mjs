// What npm would publish, installed into an empty project.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { npmFolder, project, samples, tarball } from './environment.mjs';

const folder = project();
const { publisher, files } = samples();
const bin = (name) => join(npmFolder, 'node_modules/.bin', name);

function run(name, text, ...words) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return execFileSync(process.execPath, [path, ...words], { encoding: 'utf8', cwd: folder }).trim();
}

test('it holds what is meant to be in it', () => {
  const [{ files: list }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: npmFolder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  const names = list.map(({ path }) => path).sort();
  assert.deepEqual(names, [
    'LICENSE', 'README.md', 'THIRD-PARTY-LICENSES.txt',
    'dist/browser.js', 'dist/cli.js', 'dist/default.cjs', 'dist/default.js', 'dist/inline.cjs', 'dist/inline.js',
    'dist/node.cjs', 'dist/node.js', 'dist/pspf.wasm', 'dist/worker-node.js', 'dist/worker-thread-node.js',
    'dist/worker-thread.js', 'dist/worker.js',
    'index.d.cts', 'index.d.ts', 'inline.d.cts', 'inline.d.ts', 'package.json', 'worker.d.ts',
  ].sort());
  const licences = readFileSync(join(folder, 'node_modules/pspf/THIRD-PARTY-LICENSES.txt'), 'utf8');
  assert.match(licences, /^\* ed25519-dalek [\d.]+: BSD-3-Clause$/m);
  assert.match(licences, /Redistribution and use in source and binary forms/);
  assert.doesNotMatch(licences, /^\* (syn|flate2) /m);
  const installed = JSON.parse(readFileSync(join(folder, 'node_modules/pspf/package.json'), 'utf8'));
  assert.equal(installed.dependencies, undefined);
  assert.ok(!Object.keys(installed.scripts ?? {}).some((name) => name.includes('install')));
});

test('its scripts name no file that is not in it, which bundlers would look for', () => {
  const dist = join(folder, 'node_modules/pspf/dist');
  const there = new Set(readdirSync(dist));
  const named = [...there].filter((name) => /js$/.test(name)).flatMap((name) =>
    [...readFileSync(join(dist, name), 'utf8').matchAll(/new URL\(\s*["']([^"']+)["'],/g)].map(([, file]) => [name, file.replace('./', '')]));
  assert.ok(named.some(([, file]) => file === 'pspf.wasm'));
  for (const [name, file] of named) assert.ok(there.has(file), `${name} names ${file}`);
});

const BODY = `
  const file = process.argv[2];
  const report = await pspf.verify(file, { trustedKeys: [process.argv[3]] });
  const slots = (await pspf.inspect(file)).report.slots.length;
  console.log(report.state, report.trust, slots > 0, pspf.version);`;

test('ES modules', () => {
  const said = run('module.mjs', `import * as pspf from 'pspf';${BODY}`, files.Good, publisher);
  assert.equal(said, 'sealed pinned true 0.1.0');
});

test('CommonJS', () => {
  const said = run('common.cjs', `const pspf = require('pspf');(async () => {${BODY}})();`, files.Good, publisher);
  assert.equal(said, 'sealed pinned true 0.1.0');
});

test('the engine inside the script, in both module systems', () => {
  const body = "const { readFileSync } = process.getBuiltinModule?.('node:fs') ?? fs; console.log((await pspf.verify(readFileSync(process.argv[2]))).state);";
  assert.equal(run('inline.mjs', `import fs from 'node:fs';import * as pspf from 'pspf/inline';${body}`, files.Good), 'sealed');
  assert.equal(run('inline.cjs', `const fs = require('node:fs');const pspf = require('pspf/inline');(async () => {${body}})();`, files.Good), 'sealed');
});

test('hosts that hand over a module', () => {
  const text = `
    import { readFileSync } from 'node:fs';
    import * as pspf from './node_modules/pspf/dist/default.js';
    const bytes = readFileSync(process.argv[2]);
    const error = await pspf.verify(bytes).catch(({ code }) => code);
    await pspf.init(new WebAssembly.Module(readFileSync(new URL(import.meta.resolve('pspf/pspf.wasm')))));
    await pspf.init();
    console.log(error, (await pspf.verify(bytes)).state);`;
  assert.equal(run('host.mjs', text, files.Good), 'engine.missing sealed');
});

test('the types hold in strict mode, for both module systems', () => {
  const use = readFileSync(join(npmFolder, 'test/types.ts'), 'utf8');
  writeFileSync(join(folder, 'use.mts'), use);
  writeFileSync(join(folder, 'use.cts'), use);
  const config = {
    compilerOptions: { strict: true, noEmit: true, module: 'nodenext', target: 'es2022', lib: ['es2023', 'dom'], types: [], skipLibCheck: false },
    include: ['use.mts', 'use.cts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const { status, stdout } = spawnSync(bin('tsc'), ['-p', folder], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});

test('the types name every function and no other', async () => {
  const stated = [...readFileSync(join(npmFolder, 'index.d.ts'), 'utf8').matchAll(/^export (?:declare )?(?:function|class|const) (\w+)/gm)];
  for (const script of ['node.js', 'browser.js', 'default.js', 'inline.js']) {
    const real = Object.keys(await import(join(npmFolder, 'dist', script)));
    assert.deepEqual(real.sort(), stated.map(([, name]) => name).sort(), script);
  }
  assert.doesNotMatch(readFileSync(join(npmFolder, 'index.d.ts'), 'utf8'), /\bany\b(?! that)|bigint/i);
});

test('publint and attw find nothing', () => {
  const copy = join(folder, 'package.tgz');
  copyFileSync(tarball(), copy);
  const checks = [
    ['publint', copy, '--strict'],
    // The engine is not a script; a web worker is always an ES module.
    ['attw', copy, '--no-color', '--exclude-entrypoints', './pspf.wasm', './worker'],
    ['attw', copy, '--no-color', '--entrypoints', './worker', '--profile', 'esm-only'],
  ];
  for (const [name, ...words] of checks) {
    const { status, stdout, stderr } = spawnSync(bin(name), words, { encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
  }
});

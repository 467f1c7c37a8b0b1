// `flavor diff` and the package's `diff` say the same of two packages, in one shape.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as pspf from '../dist/node.js';
import { folder, program } from './environment.mjs';

const place = folder();
const environment = { HOME: place, PATH: process.env.PATH, FLAVOR_LAUNCHER_BIN: process.env.PSPF_LAUNCHER };

/** A package of two folders and a file, as `change` leaves them. */
function packed(name, change = () => {}) {
  const folders = {
    tree: { 'a.txt': 'a', 'sub/deep.txt': 'deep'.repeat(5000), 'z.txt': 'z' },
    other: { 'b.txt': 'b' },
  };
  const manifest = {
    package: { name: 'app', version: '1.0' },
    execution: { command: '{workenv}/run.sh', env: { A: '1' } },
    slots: [
      { id: 'script', source: 'run.sh', target: 'run.sh' },
      { id: 'tree', source: 'tree', target: 'tree', operations: 'tar.zst' },
      { id: 'other', source: 'other', target: 'other', operations: 'tar.gz' },
    ],
  };
  const source = join(place, name);
  const content = { folders, manifest, script: '#!/bin/sh\n', seed: 'diff' };
  change(content);
  for (const [folder, files] of Object.entries(folders)) {
    for (const [path, text] of Object.entries(files)) {
      const file = join(source, folder, path);
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, text, { mode: 0o644 });
    }
  }
  writeFileSync(join(source, 'run.sh'), content.script, { mode: 0o755 });
  writeFileSync(join(source, 'app.json'), JSON.stringify(manifest));
  const output = join(place, `${name}.psp`);
  const words = ['pack', '--manifest', join(source, 'app.json'), '--output', output, '--key-seed', content.seed, '--quiet', '--no-attestation'];
  execFileSync(program('flavor'), words, { env: environment });
  return output;
}

/**
 * What the command says, without what it adds: that it worked, the names of the files, what is proved of each, and the digests of
 * whole slots, for it reads every byte of both.
 */
function native(before, after) {
  const { stdout } = spawnSync(program('flavor'), ['diff', before, after, '--json'], { env: environment, encoding: 'utf8' });
  const { ok, before: left, after: right, verdict, ...rest } = JSON.parse(stdout);
  assert.deepEqual([ok, left, right, verdict.before.ok], [true, before, after, true]);
  for (const slot of rest.slots.flatMap((change) => [change.before, change.after])) {
    if (slot) delete slot.sha256;
  }
  return rest;
}

const first = packed('first');

for (const [what, second, expected] of [
  ['the same', packed('same'), { identical: true, slots: [], metadata: [] }],
  [
    'one slot changed',
    packed('slot', ({ folders }) => {
      folders.tree['a.txt'] = 'another';
      delete folders.tree['z.txt'];
      folders.tree['new.txt'] = '';
    }),
    { identical: false, slots: ['tree: a.txt changed, new.txt added, z.txt removed'] },
  ],
  [
    'metadata changed',
    packed('metadata', ({ manifest }) => {
      manifest.package.version = '1.1';
      manifest.execution.env = { B: '2' };
    }),
    { identical: false, slots: [], metadata: ['package.version', 'execution.env.A', 'execution.env.B'] },
  ],
  [
    'slots come and go, one file is not the same, another signer',
    packed('slots', (content) => {
      content.manifest.slots.pop();
      content.manifest.slots.push({ id: 'added', source: 'other', target: 'added', operations: 'tar' });
      content.script = '#!/bin/sh\nexit 1\n';
      content.seed = 'other';
    }),
    { identical: false, slots: ['added: b.txt added', 'other: b.txt removed', 'script: slot.not_archive'] },
  ],
]) {
  test(what, async () => {
    const [mine, theirs] = [await pspf.diff(first, second), native(first, second)];
    // The codes of reasons are the same; the sentences behind them say what to do next in each of the two.
    for (const change of [...mine.slots, ...theirs.slots]) {
      if (change.reason) change.reason = change.reason.split(':')[0];
    }
    assert.deepEqual(mine, theirs);
    assert.equal(JSON.stringify(mine), JSON.stringify(theirs));
    const files = (list) => list.map(({ path, change }) => `${path} ${change}`).join(', ');
    const slots = mine.slots.map(({ id, files: list, reason }) => `${id}: ${list ? files(list) : reason}`);
    assert.deepEqual([mine.identical, slots], [expected.identical, expected.slots]);
    if (expected.metadata) assert.deepEqual(mine.metadata.map(({ path }) => path), expected.metadata);
  });
}

// The rules for text and names, without a browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawn, sections } from '../src/byte-map.js';
import { plain, safeFileName } from '../src/hostile-text.js';
import { grouped, modeText, size } from '../src/quantities.js';
import { squares } from '../src/treemap.js';
import { looks } from '../src/verdict.js';
import { kindOf } from '../src/calm-card.js';
import { components, folders } from '../src/comparison.js';
import { day } from '../src/quantities.js';
import { hasExpired, isTrusted, restore, revoke, revokedKeys, trust, trustedKeys } from '../src/trusted-keys.js';

test('names of downloads hold no folder, no control character, nothing reserved', () => {
  for (const [path, name] of [
    ['../../.ssh/authorized_keys', 'authorized_keys'], ['/etc/passwd', 'passwd'], ['..', 'file'], ['', 'file'], ['.bashrc', 'bashrc'],
    ['C:\\Windows\\CON.txt', '_CON.txt'], ['nul', '_nul'], ['photo\u202egpj.exe', 'photo_gpj.exe'], ['a\u0000b', 'a_b'], ['x<y>|z?.txt', 'x_y__z_.txt'],
    ['tail. . ', 'tail'], ['größe.txt', 'größe.txt'],
  ]) assert.equal(safeFileName(path), name, path);
  assert.ok(safeFileName('a'.repeat(4000)).length <= 120);
});

test('invisible characters are named', () => {
  assert.equal(plain('a\u202eb\u200bc\u0007'), 'a⟨U+202E⟩b⟨U+200B⟩c⟨U+0007⟩');
  assert.equal(plain('a\u{e0041}'), 'a⟨U+E0041⟩');
  assert.equal(plain('naïve 漢字'), 'naïve 漢字');
});

test('numbers are read as people do', () => {
  assert.deepEqual([0, 1, 999, 1000, 16_317, 999_949, 999_950, 2_147_483_648].map(size), ['0 bytes', '1 byte', '999 bytes', '1.00 KB', '16.3 KB', '1.00 MB', '1.00 MB', '2.15 GB']);
  assert.equal(modeText(0o4755), 'rwsr-xr-x');
  assert.equal(modeText(0o1777), 'rwxrwxrwt');
  assert.equal(modeText(0o2640), 'rw-r-S---');
  assert.equal(grouped('0123456789ab'), '0123 4567 89ab');
});

const coverage = [
  { range: { start: 0, end: 10 }, part: 'launcher', class: 'authenticated', reason: 'a' },
  { range: { start: 10, end: 10 }, part: 'slot 0', class: 'authenticated', reason: 'empty' },
  { range: { start: 10, end: 11 }, part: 'padding', class: 'checked', reason: 'b' },
  { range: { start: 11, end: 12 }, part: 'slot 1', class: 'unprotected', reason: 'c' },
  { range: { start: 12, end: 50 }, part: 'index', class: 'authenticated', reason: 'd' },
  { range: { start: 50, end: 1000 }, part: 'index', class: 'authenticated', reason: 'e' },
];

test('narrow sections are drawn as one, under their weakest class, and no byte is lost', () => {
  const all = sections(coverage, [{ id: 'app', range: { start: 11, end: 12 } }]);
  assert.deepEqual(all.map(({ name, start, end }) => [name, start, end]), [['launcher', 0, 10], ['padding', 10, 11], ['app', 11, 12], ['index', 12, 1000]]);
  const pieces = drawn(all, { start: 0, end: 1000 }, 900);
  assert.deepEqual(pieces.map(({ start, end, protection }) => [start, end, protection]), [[0, 10, 'authenticated'], [10, 12, 'unprotected'], [12, 1000, 'authenticated']]);
  const close = drawn(all, { start: 5, end: 20 }, 900);
  assert.deepEqual(close.map(({ start, end }) => [start, end]), [[5, 10], [10, 11], [11, 12], [12, 20]]);
});

test('a key is trusted until its day has come, and never once it is revoked', () => {
  const [key, other] = ['ab'.repeat(32), 'cd'.repeat(32)];
  trust(`sha256:${key.toUpperCase()}`, 'Farm', '2999-01-01');
  assert.deepEqual(trustedKeys(), [{ fingerprint: key, name: 'Farm', expires: '2999-01-01', since: new Date().toISOString().slice(0, 10) }]);
  assert.ok(isTrusted(key) && !isTrusted(other));
  trust(key, 'Farm', '2020-01-01');
  assert.ok(!isTrusted(key) && trustedKeys().length === 1);
  const day = Date.parse('2027-01-31T00:00:00Z');
  assert.deepEqual([hasExpired({ expires: '2027-01-31' }, day - 1), hasExpired({ expires: '2027-01-31' }, day)], [false, true]);
  assert.ok(hasExpired({ expires: '2027-02-31x' }) && !hasExpired({}));
  trust(key);
  assert.ok(isTrusted(key));
  revoke(key, other);
  assert.ok(!isTrusted(key) && !isTrusted(other));
  assert.deepEqual(revokedKeys(), [key, other]);
  assert.throws(() => trust(key), /revoked/);
  assert.throws(() => revoke('ab'), /64 hexadecimal/);
  restore(key);
  assert.ok(isTrusted(key));
});

test('no word but a finished `trusted` looks like success', () => {
  const words = ['not_package', 'changed', 'damaged', 'revoked', 'unsafe', 'unfinished', 'unsigned', 'in_part', 'unknown', 'trusted'];
  for (const word of words) {
    for (const finished of [true, false]) {
      for (const phase of ['reading', 'verifying', 'done', 'failed']) {
        const { look } = looks({ phase, full: { verdict: { word, finished } } });
        assert.equal(look === 'good', word === 'trusted' && finished && phase === 'done', `${word} ${finished} ${phase}`);
      }
    }
  }
  assert.equal(looks({ phase: 'cancelled' }).badge, 'Not checked to the end');
});

test('a treemap gives every part its share of the area', () => {
  const parts = [600, 300, 60, 30, 10].map((size) => ({ size }));
  const made = squares(parts, 0, 0, 400, 250);
  assert.equal(made.length, 5);
  for (const { part, w, h } of made) assert.ok(Math.abs((w * h) / 100_000 - part.size / 1000) < 0.001);
  for (const { x, y, w, h } of made) assert.ok(x >= -0.01 && y >= -0.01 && x + w <= 400.01 && y + h <= 250.01);
});

test('files that are no packages are named by their first bytes', () => {
  const kind = (text) => kindOf(new TextEncoder().encode(text), text.length);
  assert.equal(kind(''), 'empty');
  assert.match(kind('-----BEGIN PRIVATE KEY-----\nMC4C'), /private key/);
  assert.match(kindOf(new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2]), 5), /Linux program/);
  assert.equal(day('2026-11-30'), '30 November 2026');
});

test('changes are grouped: components by name, files by folder', () => {
  const of = (name, version) => ({ type: 'library', name, version });
  assert.deepEqual(components([of('a', '1'), of('b', '1'), of('c', '1')], [of('b', '2'), of('c', '1'), of('d', '1')]).map(({ name, kind }) => [name, kind]), [['a', 'removed'], ['b', 'changed'], ['c', 'same'], ['d', 'added']]);
  const file = (path, change) => ({ path, change, after: { size: 10 } });
  const made = folders([{ id: 'app', files: [file('lib/python3.11/site-packages/tqdm/std.py', 'added'), file('lib/python3.11/site-packages/tqdm/x/cli.py', 'added'), file('top.txt', 'changed')] }]);
  assert.deepEqual(made.map(({ folder, kind, files }) => [folder, kind, files.length]), [['lib/python3.11/site-packages/tqdm', 'added', 2], ['app', 'changed', 1]]);
});

// The rules for text and names, without a browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawn, sections } from '../src/byte-map.js';
import { plain, safeFileName } from '../src/hostile-text.js';
import { grouped, modeText, size } from '../src/quantities.js';
import { verdict } from '../src/verdict.js';
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
  assert.deepEqual(all.map(({ name, start, end }) => [name, start, end]), [['launcher', 0, 10], ['padding', 10, 11], ['slot 1 app', 11, 12], ['index', 12, 1000]]);
  const pieces = drawn(all, { start: 0, end: 1000 }, 900);
  assert.deepEqual(pieces.map(({ start, end, protection }) => [start, end, protection]), [[0, 10, 'authenticated'], [10, 12, 'unprotected'], [12, 1000, 'authenticated']]);
  const close = drawn(all, { start: 5, end: 20 }, 900);
  assert.deepEqual(close.map(({ start, end }) => [start, end]), [[5, 10], [10, 11], [11, 12], [12, 20]]);
});

test('a key is trusted until its day has come, and never once it is revoked', () => {
  const [key, other] = ['ab'.repeat(32), 'cd'.repeat(32)];
  trust(`sha256:${key.toUpperCase()}`, 'Farm', '2999-01-01');
  assert.deepEqual(trustedKeys(), [{ fingerprint: key, name: 'Farm', expires: '2999-01-01' }]);
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

test('no state but a trusted key is a success', () => {
  const report = (state, trust) => ({ state, trust, findings: [], signer: { fingerprint: 'ab'.repeat(32), signature_valid: true } });
  for (const state of ['broken', 'partial', 'intact', 'bound', 'sealed']) {
    for (const trust of ['unsigned', 'unknown_key', 'pinned', 'in_store', 'revoked']) {
      const success = verdict(report(state, trust)).kind === 'trusted';
      assert.equal(success, ['bound', 'sealed'].includes(state) && ['pinned', 'in_store'].includes(trust), `${state}, ${trust}`);
      assert.notEqual(verdict(report(state, trust), [{ severity: 'error' }]).kind, 'trusted');
    }
  }
});

test('a package that is signed only in part, or with a revoked key, is not one to run', () => {
  const message = 'the signature does not wholly cover the launcher: other bytes there would pass as well';
  const report = (state, trust) => ({ state, trust, findings: [{ code: 'signature.coverage', severity: 'warning', part: 'package', message }], signer: { fingerprint: 'ab'.repeat(32), signature_valid: true } });
  for (const trust of ['unknown_key', 'pinned', 'in_store']) {
    const { kind, word, sentence } = verdict(report('intact', trust));
    assert.deepEqual([kind, word], ['unknown', 'Signed only in part']);
    assert.match(sentence, /does not wholly cover the launcher.*do not run it/);
  }
  for (const state of ['intact', 'bound', 'sealed', 'partial']) {
    const { kind, word, sentence, proved } = verdict(report(state, 'revoked'));
    assert.deepEqual([kind, word, proved], ['invalid', 'Revoked key', []]);
    assert.match(sentence, /Do not run it/);
  }
});

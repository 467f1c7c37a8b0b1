// The npx command: exit codes, formats, threads, patterns.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, native, npmFolder, samples } from './environment.mjs';

const { publisher, files } = samples();
const place = folder();
mkdirSync(join(place, 'in/deep'), { recursive: true });
copyFileSync(files.Good, join(place, 'in/good.psp'));
copyFileSync(files.Tampered, join(place, 'in/deep/tampered.psp'));
copyFileSync(files['Unknown key'], join(place, 'in/deep/unknown.psp'));
writeFileSync(join(place, 'policy.json'), JSON.stringify({ version: 1, trust: { fingerprints: [publisher] } }));
writeFileSync(join(place, 'wrong.json'), JSON.stringify({ version: 1, trust: { fingerprint: [] } }));

function pspf(...words) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(npmFolder, 'dist/cli.js'), ...words], { cwd: place, encoding: 'utf8', maxBuffer: 1 << 26 });
  return { status, stdout, stderr, documents: () => stdout.trimEnd().split('\n').map((line) => JSON.parse(line)) };
}

test('exit codes', () => {
  assert.equal(pspf('verify', 'in/good.psp').status, 0);
  assert.equal(pspf('verify', '--key', publisher, 'in/good.psp').status, 0);
  assert.equal(pspf('verify', '--key', publisher, 'in/deep/unknown.psp').status, 1);
  assert.equal(pspf('verify', 'in/deep/tampered.psp').status, 1);
  assert.equal(pspf('scan', '--policy', 'policy.json', 'in/good.psp').status, 0);
  assert.equal(pspf('scan', '--policy', 'policy.json', 'in/deep/unknown.psp').status, 1);
  assert.equal(pspf('scan', '--policy', 'wrong.json', 'in/good.psp').status, 2);
  for (const words of [[], ['verify'], ['frobnicate', 'x'], ['verify', '--frob', 'x'], ['scan', '--jobs', 'x', 'y'], ['verify', 'none*']]) {
    const { status, stderr } = pspf(...words);
    assert.equal(status, 2, words.join(' '));
    assert.match(stderr, /--help/);
  }
  assert.equal(pspf('verify', 'nowhere.psp').status, 3);
  assert.equal(pspf('--help').status, 0);
  assert.match(pspf('--help').stdout, /Examples:/);
});

test('nothing that is no file is waited for', () => {
  const fifo = join(place, 'fifo');
  assert.equal(spawnSync('mkfifo', [fifo]).status, 0);
  const limited = (...words) =>
    spawnSync(process.execPath, [join(npmFolder, 'dist/cli.js'), ...words], { cwd: place, encoding: 'utf8', timeout: 60_000 });
  for (const command of ['scan', 'verify', 'inspect', 'ls']) {
    const { status, stdout } = limited(command, 'fifo', 'in/good.psp');
    assert.equal(status, 3);
    assert.match(stdout, /fifo: error source\.type: fifo is not a file/);
    assert.match(stdout, /in\/good\.psp/);
  }
  for (const policy of ['fifo', '/dev/zero', 'in']) {
    const { status, stderr } = limited('scan', '--policy', policy, 'in/good.psp');
    assert.deepEqual([status, stderr.split('\n')[0]], [2, `pspf: ${policy}: this is not a file`]);
  }
});

test('an answer that cannot be written is one line', { skip: process.platform !== 'linux' }, () => {
  const full = openSync('/dev/full', 'w');
  const words = [join(npmFolder, 'dist/cli.js'), 'verify', 'in/good.psp'];
  const { status, stderr } = spawnSync(process.execPath, words, { cwd: place, encoding: 'utf8', stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  assert.equal(status, 3);
  assert.match(stderr, /^pspf: the answer cannot be written: .*\n$/);
});

test('ls says why it lists nothing', () => {
  const absent = pspf('ls', '--slot', '99', 'in/good.psp');
  assert.equal(absent.status, 2);
  assert.match(absent.stdout, /slot\.missing: there is no slot 99; there are \d+/);
  writeFileSync(join(place, 'junk'), 'junk');
  const junk = pspf('ls', 'junk');
  assert.equal(junk.status, 1);
  assert.match(junk.stdout, /^junk: broken\n {2}error /);
  assert.equal(pspf('ls', '--format', 'json', 'junk').documents()[0].report.state, 'broken');
});

test('verify prints the native report', () => {
  const file = join(place, 'in/good.psp');
  const { stdout } = pspf('verify', '--format', 'json', file);
  const [report] = native([file]);
  assert.equal(stdout, `{"file":${JSON.stringify(file)},"accepted":true,${report.slice(1)}\n`);
});

test('many files in threads, in the order of the command line', () => {
  const words = ['scan', '--policy', 'policy.json', '--format', 'json', '--jobs', '3', 'in/**/*.psp', 'in/good.psp'];
  const documents = pspf(...words).documents();
  assert.deepEqual(documents.map(({ file, verdict }) => [file, verdict]), [
    ['in/deep/tampered.psp', 'reject'],
    ['in/deep/unknown.psp', 'reject'],
    ['in/good.psp', 'accept'],
  ]);
  const one = pspf(...words.map((word) => (word === '3' ? '1' : word))).documents();
  assert.deepEqual(documents, one);
});

test('SARIF of several files', () => {
  const { status, stdout } = pspf('scan', '--format', 'sarif', 'in/**/*.psp');
  const [run] = JSON.parse(stdout).runs;
  assert.equal(status, 1);
  assert.equal(run.artifacts.length, 3);
  assert.ok(run.results.some(({ level }) => level === 'error'));
});

test('a summary for people, without colour where there is no terminal', () => {
  const { stdout } = pspf('scan', 'in/**/*.psp');
  assert.match(stdout, /FILE +RESULT +STATE/);
  assert.match(stdout, /tampered\.psp +refused +broken/);
  assert.doesNotMatch(stdout, /\u001b/);
  assert.match(pspf('inspect', 'in/good.psp').stdout, /launcher elf x86_64/);
  assert.match(pspf('ls', 'in/good.psp').stdout, /-0644 +\d+ tidewatch\/__init__\.py/);
});

test('hostile names do not reach the terminal', () => {
  const name = 'in/\u202egpj.\u001b[2J.psp';
  copyFileSync(files.Good, join(place, name));
  assert.doesNotMatch(pspf('verify', name).stdout, /[\u202e\u001b]/);
});

// The npx command: exit codes, formats, threads, patterns.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, copyFileSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { folder, native, npmFolder, program, root, samples } from './environment.mjs';

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
  assert.match(junk.stdout, /^junk: broken, 1 error\n {2}error /);
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
  assert.match(pspf('ls', 'in/good.psp').stdout, /-0644 +\d+ lib\/python3\.13\/site-packages\/tidewatch\/__init__\.py/);
});

test('hostile names do not reach the terminal', () => {
  const name = 'in/\u202egpj.\u001b[2J.psp';
  copyFileSync(files.Good, join(place, name));
  assert.doesNotMatch(pspf('verify', name).stdout, /[\u202e\u001b]/);
});

test('every option is used or refused', () => {
  const commands = { scan: ['policy', 'format', 'jobs'], verify: ['key', 'format', 'jobs'], inspect: ['key', 'format', 'jobs'], ls: ['slot', 'format', 'jobs'] };
  const values = { policy: 'policy.json', key: publisher, slot: '0', format: 'json', jobs: '2' };
  for (const [command, taken] of Object.entries(commands)) {
    for (const [option, value] of Object.entries(values)) {
      const { status, stderr } = pspf(command, `--${option}`, value, 'in/good.psp');
      if (taken.includes(option)) assert.equal(status, 0, `${command} --${option}: ${stderr}`);
      else {
        assert.equal(status, 2, `${command} --${option}`);
        assert.match(stderr, new RegExp(`${command} has no option --${option}`));
      }
    }
  }
  assert.equal(pspf('scan', '--policy', 'policy.json', '--policy', 'policy.json', 'in/good.psp').status, 2);
  assert.equal(pspf('verify', '--key', publisher, '--key', publisher, 'in/good.psp').status, 0);
  for (const words of [['ls', '--slot', '1e0'], ['ls', '--slot', '-1'], ['ls', '--slot='], ['scan', '--jobs', '0'], ['scan', '--jobs', ' 2'], ['scan', '--policy=']]) {
    assert.equal(pspf(...words, 'in/good.psp').status, 2, words.join(' '));
  }
  assert.equal(pspf('scan', '--jobs', '1000', 'in/good.psp', 'in/good.psp').status, 0);
});

test('a policy that names a key twice is refused before anything is read', () => {
  writeFileSync(join(place, 'twice.json'), '{"version":1,"trust":{"minimum":"sealed"},"trust":{}}');
  const { status, stdout, stderr } = pspf('scan', '--policy', 'twice.json', 'nowhere.psp');
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /^pspf: twice\.json: /);
});

test('patterns find what is there, and say what they cannot see', () => {
  assert.equal(pspf('verify', '*/good.psp').status, 0);
  const absent = pspf('verify', '*/nothing.psp');
  assert.deepEqual([absent.status, absent.stdout], [2, '']);
  assert.match(absent.stderr, /no file matches/);
  assert.equal(pspf('verify', '*/good.psp/below').status, 2);
  assert.equal(pspf('verify', 'nowhere/*.psp').status, 2);
  const closed = join(place, 'closed/inner');
  mkdirSync(closed, { recursive: true });
  copyFileSync(files.Tampered, join(closed, 'hidden.psp'));
  chmodSync(closed, 0);
  // Root reads every directory: a user of no name does not.
  const words = [join(npmFolder, 'dist/cli.js'), 'verify', 'closed/**/*.psp'];
  chmodSync(place, 0o755);
  const as = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
  const { status, stderr } = spawnSync(process.execPath, words, { cwd: place, encoding: 'utf8', ...as });
  chmodSync(closed, 0o700);
  assert.equal(status, 3, stderr);
  assert.match(stderr, /closed\/inner: .*EACCES/);
});

test('whoever stops reading does not change the exit code', () => {
  const line = `"${process.execPath}" "${join(npmFolder, 'dist/cli.js')}" verify --format json in/good.psp in/deep/tampered.psp in/good.psp in/deep/tampered.psp`;
  const { stdout } = spawnSync('bash', ['-c', `${line} | head -c 1 > /dev/null; echo \${PIPESTATUS[0]}`], { cwd: place, encoding: 'utf8' });
  assert.equal(stdout.trim(), '1');
});

/** A package whose one slot has much more than a decoder is given at once. */
function large() {
  const source = join(place, 'large');
  mkdirSync(join(source, 'tree'), { recursive: true });
  for (let index = 0; index < 8; index += 1) writeFileSync(join(source, `tree/${index}`), randomBytes(128 * 1024));
  const manifest = {
    package: { name: 'large', version: '1' },
    execution: { command: '/bin/true' },
    slots: [
      { id: 'one', source: 'tree', target: 'one', operations: 'tar.gz' },
      { id: 'two', source: 'tree', target: 'two', operations: 'tar', lifecycle: 'lazy' },
    ],
  };
  writeFileSync(join(source, 'app.json'), JSON.stringify(manifest));
  const words = ['pack', '--manifest', join(source, 'app.json'), '--output', join(place, 'large.psp'), '--key-seed', 'k', '--quiet', '--no-attestation'];
  execFileSync(program('flavor'), words, { env: { HOME: place, PATH: process.env.PATH, FLAVOR_LAUNCHER_BIN: process.env.PSPF_LAUNCHER } });
}

test('a slot that is refused early is a finding, and the next one is looked at', () => {
  large();
  for (const [limits, codes] of [
    [{ unpackedSize: 1000 }, ['codec.limit.output', 'codec.limit.output']],
    [{ entries: 2 }, ['tar.limit', 'tar.limit']],
    [{}, []],
  ]) {
    writeFileSync(join(place, 'limits.json'), JSON.stringify({ version: 1, limits }));
    const { status, documents } = pspf('scan', '--policy', 'limits.json', '--format', 'json', 'large.psp');
    const [{ findings }] = documents();
    assert.deepEqual(findings.map(({ code }) => code), codes, JSON.stringify(limits));
    assert.equal(status, codes.length ? 1 : 0);
  }
});

test('passwords of URLs are in no output', () => {
  const url = 'http://me:s3cret@127.0.0.1:1/a.psp';
  for (const words of [['verify', url], ['verify', '--format', 'json', url], ['scan', '--format', 'sarif', url], ['ls', url, 'in/good.psp'], ['inspect', url, 'in/good.psp'], ['verify', 'http://me:s3cret@[/x']]) {
    const { status, stdout, stderr } = pspf(...words);
    assert.equal(status, 3, words.join(' '));
    assert.doesNotMatch(stdout + stderr, /s3cret/, words.join(' '));
  }
});

test('a package that is only intact has an exit code of its own', () => {
  const { package: packed } = JSON.parse(readFileSync(join(root, 'tests/vectors/cases/variant-go.json'), 'utf8'));
  writeFileSync(join(place, 'intact.psp'), gunzipSync(Buffer.from(packed, 'base64')));
  const { status, stdout } = pspf('verify', 'intact.psp');
  assert.equal(status, 4);
  assert.match(stdout, /only intact.*\n.*launcher/);
  const [document] = pspf('verify', '--format', 'json', 'intact.psp').documents();
  assert.deepEqual([document.accepted, document.ok, document.state], [false, false, 'intact']);
  assert.equal(pspf('verify', '--key', document.signer.fingerprint, 'intact.psp').status, 4);
  assert.equal(pspf('verify', '--key', '0'.repeat(64), 'intact.psp').status, 1);
  assert.equal(pspf('verify', 'intact.psp', 'in/good.psp').status, 4);
  assert.equal(pspf('verify', 'intact.psp', 'in/deep/tampered.psp').status, 1);
  assert.equal(pspf('scan', 'intact.psp').status, 1);
});

test('what a revoked key signed is refused', () => {
  const [{ signer, ok }] = pspf('verify', '--format', 'json', 'in/good.psp').documents();
  assert.ok(ok);
  writeFileSync(join(place, 'revoked-keys'), `# lost\n${signer.fingerprint} stolen laptop\n`);
  for (const words of [['verify'], ['verify', '--key', signer.fingerprint], ['inspect'], ['inspect', '--key', signer.fingerprint], ['scan'], ['scan', '--policy', 'policy.json']]) {
    const { status, stdout } = pspf(...words, '--revoked', 'revoked-keys', 'in/good.psp');
    assert.equal(status, 1, words.join(' '));
    assert.match(stdout, /key\.revoked/);
    const [document] = pspf(...words, '--format', 'json', '--revoked', 'revoked-keys', 'in/good.psp').documents();
    assert.deepEqual([document.accepted, (document.report ?? document).trust], [false, 'revoked']);
  }
  writeFileSync(join(place, 'half'), `${signer.fingerprint}\nnonsense\n`);
  const half = pspf('verify', '--revoked', 'half', 'in/good.psp');
  assert.equal(half.status, 2);
  assert.match(half.stderr, /half: line 2:/);
  assert.equal(pspf('ls', '--revoked', 'revoked-keys', 'in/good.psp').status, 2);
});

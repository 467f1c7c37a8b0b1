// The npx commands of the documents, with the package as it is published; the other commands are run by tests/tests/documentation.rs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, root, samples, tarball } from './environment.mjs';

const { files, publisher } = samples();
const { version } = JSON.parse(readFileSync(join(root, 'npm/package.json'), 'utf8'));
const fences = /```sh[^\n]*\n([^]*?)```/g;

/** A project as the documents expect one. */
function place() {
  const path = folder();
  for (const name of ['ci', 'dist/npm', 'uploads/deep']) mkdirSync(join(path, name), { recursive: true });
  copyFileSync(join(root, 'docs/ci/scan.json'), join(path, 'ci/scan.json'));
  copyFileSync(tarball(), join(path, `dist/npm/pspf-${version}.tgz`));
  for (const name of ['dist/package.psp', 'uploads/deep/tool.psp', 'tool.psp']) copyFileSync(files.Good, join(path, name));
  writeFileSync(join(path, 'policy.json'), JSON.stringify({ version: 1, trust: { fingerprints: [publisher] } }));
  return path;
}

function run(command, cwd) {
  const env = { ...process.env, PSPF_NPM: tarball(), npm_config_offline: 'true', npm_config_cache: folder() };
  const { status, stdout, stderr } = spawnSync('sh', ['-euc', command], { cwd, env, encoding: 'utf8' });
  assert.equal(status, 0, `${command}\n${stdout}${stderr}`);
}

const lines = (text) => text.split('\n').map((line) => line.trim().replace(/^(- |run: |sh ')+/, '').replace(/'$/, (end) => (line.includes("sh '") ? '' : end)));

for (const name of readdirSync(join(root, 'docs/ci')).filter((name) => !/\.(md|json|toml)$/.test(name))) {
  test(`the scan of docs/ci/${name}`, () => {
    const commands = lines(readFileSync(join(root, 'docs/ci', name), 'utf8')).filter((line) => line.startsWith('npx '));
    assert.equal(commands.length, 1);
    const project = place();
    run(commands[0], project);
    const sarif = JSON.parse(readFileSync(join(project, 'dist/scan.sarif'), 'utf8'));
    assert.equal(sarif.version, '2.1.0');
    assert.equal(sarif.runs[0].artifacts[0].location.uri, 'dist/package.psp');
  });
}

test('the npx commands of the README', () => {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const commands = [...text.matchAll(fences)].flatMap(([, block]) => lines(block)).filter((line) => line.startsWith('npx '));
  assert.ok(commands.length >= 1);
  const project = place();
  for (const command of commands) run(command, project);
  assert.equal(JSON.parse(readFileSync(join(project, 'results.sarif'), 'utf8')).version, '2.1.0');
});

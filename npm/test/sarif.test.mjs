// SARIF as the official validator (Microsoft's SARIF Multitool, with its rules for GitHub) and GitHub's documentation want it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import * as pspf from '../dist/node.js';
import { folder, npmFolder, samples } from './environment.mjs';

const { files } = samples();
const place = folder();

/** The validator's program for this system; npm runs no scripts here, so nobody has made it executable. */
function validator() {
  const system = { linux: 'linux', darwin: 'darwin', win32: 'win32' }[process.platform];
  const home = dirname(createRequire(import.meta.url).resolve(`@microsoft/sarif-multitool-${system}/package.json`));
  const file = join(home, process.platform === 'win32' ? 'Sarif.Multitool.exe' : 'Sarif.Multitool');
  chmodSync(file, 0o755);
  return file;
}

/** The errors and warnings of the validator: rule and text of each. */
function validated(log) {
  const [input, output] = [join(place, 'in.sarif'), join(place, 'out.sarif')];
  writeFileSync(input, JSON.stringify(log));
  const words = ['validate', input, '--rule-kind', 'Sarif;Ghas', '--level', 'Error;Warning', '--output', output, '--log', 'ForceOverwrite'];
  const { status, stdout, stderr } = spawnSync(validator(), words, { encoding: 'utf8', env: { ...process.env, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1' } });
  assert.equal(status, 0, stdout + stderr);
  const [run] = JSON.parse(readFileSync(output, 'utf8')).runs;
  const texts = new Map(run.tool.driver.rules?.map(({ id, messageStrings }) => [id, messageStrings]));
  return run.results.map(({ ruleId, level = 'warning', message }) => {
    const text = texts.get(ruleId)?.[message.id]?.text ?? message.text ?? message.id;
    return { rule: ruleId, level, text: text.replace(/\{(\d+)\}/g, (_, index) => message.arguments?.[index] ?? '') };
  });
}

function scanned(name, title = 'Hostile paths') {
  const path = join(place, name);
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(files[title], path);
  return name;
}

const names = ['plain.psp', 'a b/with blank.psp', '100%.psp', 'a:b.psp', 'ü/日本.psp', 'q?#[x].psp'];

test('the official validator finds nothing', async () => {
  for (const name of names) scanned(name);
  scanned('tampered.psp', 'Tampered');
  scanned('good.psp', 'Good');
  const words = ['scan', '--format', 'sarif', ...names, 'tampered.psp', 'good.psp', 'nowhere.psp', join(place, 'plain.psp'), 'http://me:s3cret@127.0.0.1:1/a b.psp'];
  const { stdout, status } = spawnSync(process.execPath, [join(npmFolder, 'dist/cli.js'), ...words], { cwd: place, encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(status, 3);
  const log = JSON.parse(stdout);
  // One rule wants an address on the web to read more at, which there is not yet.
  const said = validated(log).filter(({ rule }) => rule !== 'SARIF2005');
  assert.deepEqual(said, []);
  const [run] = log.runs;
  assert.equal(run.artifacts.length, names.length + 5);
  const unread = run.results.filter(({ ruleId }) => ruleId.startsWith('source.'));
  assert.equal(unread.length, 2);
  assert.deepEqual(run.invocations.map(({ executionSuccessful, toolExecutionNotifications }) => [executionSuccessful, toolExecutionNotifications.length]), [[false, 2]]);
});

test('the validator does find what is wrong', () => {
  const result = { ruleId: 'a.b', message: { text: 'x' }, locations: [{ physicalLocation: { artifactLocation: { uri: 'a b' } } }] };
  const log = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [{ tool: { driver: { name: 'x', rules: [{ id: 'a.b' }] } }, results: [result] }] };
  const rules = validated(log).map(({ rule }) => rule);
  for (const rule of ['SARIF1002', 'GH2012']) assert.ok(rules.includes(rule), rules.join());
});

test('what GitHub documents as required', async () => {
  const result = await pspf.scan(files['Hostile paths'], { version: 1 });
  assert.ok(result.findings.length > 0);
  const log = pspf.sarif([{ file: 'x.psp', result }, { file: 'y.psp', error: { code: 'source.read', message: 'gone' } }]);
  const [run] = log.runs;
  assert.equal(log.version, '2.1.0');
  const { rules } = run.tool.driver;
  for (const { id, shortDescription, fullDescription, help } of rules) {
    for (const { text } of [shortDescription, fullDescription, help]) assert.ok(text.length > 10, `${id}: ${text}`);
    assert.ok(shortDescription.text.length <= 1024 && fullDescription.text.length <= 1024, id);
    assert.doesNotMatch(fullDescription.text, /see the message/i, `${id} has no row in docs/findings.md`);
  }
  for (const { ruleId, ruleIndex, message, locations, partialFingerprints } of run.results) {
    assert.equal(rules[ruleIndex].id, ruleId);
    assert.ok(message.text);
    const [{ physicalLocation: { artifactLocation, region } }] = locations;
    assert.ok(artifactLocation.uri);
    for (const key of ['startLine', 'startColumn', 'endLine', 'endColumn']) assert.ok(region[key] >= 1);
    assert.match(partialFingerprints.primaryLocationLineHash, /^[\w.%~!*'():-]{1,200}:1$/);
  }
  const hashes = run.results.map(({ partialFingerprints }) => partialFingerprints.primaryLocationLineHash);
  const again = pspf.sarif([{ file: 'x.psp', result }]).runs[0].results.map(({ partialFingerprints }) => partialFingerprints.primaryLocationLineHash);
  assert.deepEqual(hashes.slice(0, again.length), again);
});

test('every code of the page has its text', () => {
  const page = readFileSync(join(npmFolder, '../docs/findings.md'), 'utf8');
  const codes = [...page.matchAll(/^\| `([a-z_.]+)` \|/gm)].map(([, code]) => code);
  assert.ok(codes.length > 70, String(codes.length));
  const findings = codes.map((code) => ({ code, severity: 'error', part: 'package', message: 'x' }));
  const { rules } = pspf.sarif([{ file: 'x', result: { findings, report: { size: 1 } } }]).runs[0].tool.driver;
  for (const { id, fullDescription } of rules) assert.doesNotMatch(fullDescription.text, /See the message/, id);
});

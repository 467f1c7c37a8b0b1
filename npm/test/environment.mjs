// What the tests need besides the package: `cargo xtask test` sets it.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const needed = (name) => process.env[name] ?? (() => { throw new Error(`${name} is not set: run the tests with cargo xtask test`); })();

export const npmFolder = dirname(dirname(fileURLToPath(import.meta.url)));
export const root = dirname(npmFolder);
export const tarball = () => needed('PSPF_NPM_PACKAGE');
export const program = (name) => join(needed('PSPF_BIN'), name);

/** A folder that is gone when the process ends. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'pspf-test-'));
  process.on('exit', () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** The packed tarball installed into an empty project. */
export function project() {
  const path = folder();
  writeFileSync(join(path, 'package.json'), '{"name":"empty","private":true}');
  execFileSync('npm', ['install', '--silent', '--offline', '--no-audit', '--no-fund', tarball()], { cwd: path });
  return path;
}

/** The page's sample packages, by title. */
export function samples() {
  const path = folder();
  execFileSync(program('web-samples'), [path], { stdio: 'ignore' });
  const { publisher, samples: list } = JSON.parse(readFileSync(join(path, 'samples.json'), 'utf8'));
  return { publisher, files: Object.fromEntries(list.map((sample) => [sample.title, join(path, sample.stored)])) };
}

/** Every case of the conformance kit, as a file. */
export function kit() {
  const cases = join(root, 'tests/vectors/cases');
  const path = join(folder(), 'kit');
  mkdirSync(path);
  return readdirSync(cases).map((name) => {
    const { package: packed, expect } = JSON.parse(readFileSync(join(cases, name), 'utf8'));
    const file = join(path, name.replace(/json$/, 'psp'));
    writeFileSync(file, gunzipSync(Buffer.from(packed, 'base64')));
    return { name, file, expect };
  });
}

/** Packages of the published builders: made now, and the recorded ones. */
export function published() {
  const path = folder();
  execFileSync(program('interop-packages'), [path], { stdio: 'ignore' });
  const recorded = JSON.parse(readFileSync(join(root, 'tests/vectors/format/golden-packages.json'), 'utf8'));
  for (const [index, { package_gzip_base64: packed }] of recorded.entries()) {
    writeFileSync(join(path, `recorded-${index}.psp`), gunzipSync(Buffer.from(packed, 'base64')));
  }
  return readdirSync(path).filter((name) => name.endsWith('.psp')).map((name) => join(path, name));
}

/** The report of the native command for each file, as JSON text without what the command adds. */
export function native(files, options = []) {
  const home = folder();
  const { stdout } = spawnSync(program('flavor'), ['verify', '--json', ...options, ...files], {
    env: { HOME: home, PATH: process.env.PATH },
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  const lines = stdout.trimEnd().split('\n');
  return lines.map((line) => `{${line.slice(line.indexOf('"schema":'))}`);
}

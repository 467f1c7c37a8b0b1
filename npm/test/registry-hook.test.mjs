// The example under 50 uploads at once, most of them hostile: every answer is right and memory stays small.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { project, root, samples } from './environment.mjs';

const MIB = 1024 * 1024;
/** Bytes of each upload that is not a package. */
const LARGE = 32 * MIB;
/** A Node process with the engine has about 80 MiB; the uploads together have over 500. */
const MEMORY_MAX = 350 * MIB;

async function start(t) {
  const folder = project();
  for (const name of ['server.mjs', 'policy.json']) copyFileSync(join(root, 'examples/registry-hook', name), join(folder, name));
  const child = spawn(process.execPath, ['server.mjs'], { cwd: folder, env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill());
  const [line] = await child.stdout[Symbol.asyncIterator]().next().then(({ value }) => String(value).split('\n'));
  return { url: line, pid: child.pid, store: join(folder, 'store') };
}

const peak = (pid) => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;

function noise(size, signal) {
  const piece = crypto.getRandomValues(new Uint8Array(64 * 1024));
  let left = size;
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close();
      if (signal && left < size / 2) return controller.error(new Error('the sender went away'));
      left -= piece.length;
      controller.enqueue(piece);
    },
  });
}

test('50 uploads at once', { skip: process.platform !== 'linux' }, async (t) => {
  const { url, pid, store } = await start(t);
  const { files } = samples();
  const before = peak(pid);
  const send = async (body) => {
    const response = await fetch(url, { method: 'POST', body, duplex: 'half' });
    return { status: response.status, ...(await response.json()) };
  };
  const expected = { Good: 201, 'Unknown key': 201, Tampered: 422, 'Not signed': 422, 'Hostile paths': 422 };
  const uploads = [];
  for (let round = 0; round < 5; round += 1) {
    for (const [title, status] of Object.entries(expected)) {
      uploads.push(send(readFileSync(files[title])).then((found) => {
        assert.equal(found.status, status, `${title}: ${JSON.stringify(found).slice(0, 300)}`);
        if (status === 422) assert.ok(found.findings.some(({ severity }) => severity === 'error'), title);
      }));
    }
    for (let index = 0; index < 3; index += 1) {
      uploads.push(send(noise(LARGE)).then(({ status, findings }) => {
        assert.equal(status, 422);
        assert.ok(findings.length > 0);
      }));
    }
    uploads.push(send(new Uint8Array(0)).then(({ status }) => assert.equal(status, 422)));
    uploads.push(assert.rejects(send(noise(LARGE, true))));
  }
  assert.equal(uploads.length, 50);
  await Promise.all(uploads);
  const after = peak(pid);
  t.diagnostic(`peak memory of the server: ${(before / MIB).toFixed(0)} MiB at rest, ${(after / MIB).toFixed(0)} MiB after 50 uploads`);
  assert.ok(after < MEMORY_MAX, `${after} bytes`);
  const kept = readdirSync(store);
  assert.equal(kept.length, 2, kept.join());
  assert.ok(kept.every((name) => /^[0-9a-f]{64}\.psp$/.test(name)));
});

test('it does not start with a policy or a setting that is none', () => {
  const folder = project();
  copyFileSync(join(root, 'examples/registry-hook/server.mjs'), join(folder, 'server.mjs'));
  const start = (policy, settings = {}) => {
    writeFileSync(join(folder, 'policy.json'), policy);
    const env = { ...process.env, PORT: '0', ...settings };
    return spawnSync(process.execPath, ['server.mjs'], { cwd: folder, env, encoding: 'utf8', timeout: 10_000 });
  };
  for (const policy of [
    '{"version":1,"trust":{"minimum":"sealed"},"trust":{}}',
    '{"version":1,"trust":{"minimun":"sealed"}}',
    '{"version":1,"severity":{"launcher.digest":"info"}}',
    '{"version":1,"sbom":{"denyLicences":["GPLv3"]}}',
    'none',
  ]) {
    const { status, stdout, stderr } = start(policy);
    assert.deepEqual([status, stdout], [1, ''], policy);
    assert.match(stderr, /policy/, policy);
  }
  for (const settings of [{ SCANS: 'many' }, { SCANS: '0' }, { MAX_WAITING: '-1' }]) {
    const { status, stdout } = start('{"version":1}', settings);
    assert.deepEqual([status, stdout], [1, ''], JSON.stringify(settings));
  }
});

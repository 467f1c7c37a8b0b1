// The worker protocol in Node's threads: one thread, several, cancelled calls, threads that stop.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { openAsBlob, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import * as pspf from '../dist/node.js';
import { serve, spawn } from '../dist/worker-node.js';
import { folder, npmFolder, samples } from './environment.mjs';

const { publisher, files } = samples();
const code = (expected) => (error) => assert.equal(error.code, expected) ?? true;
const gathered = async (iterable) => {
  const found = [];
  for await (const item of iterable) found.push(item);
  return found;
};

test('a thread says what the functions say', async () => {
  const engine = new WebAssembly.Module(readFileSync(join(npmFolder, 'dist/pspf.wasm')));
  for (const options of [{}, { threads: 3 }, { engine: Promise.resolve(engine) }]) {
    const worker = spawn(options);
    const seen = [];
    const trusted = { trustedKeys: [publisher] };
    const onProgress = (done, total) => seen.push([done, total]);
    assert.equal(await worker.verifyJson(files.Good, { ...trusted, onProgress }), await pspf.verifyJson(files.Good, trusted));
    assert.ok(seen.length > 0 && seen.every(([done, total]) => done <= total));
    for (const source of [readFileSync(files.Good), new Blob([readFileSync(files.Good)]), pathToFileURL(files.Good)]) {
      assert.deepEqual(await worker.inspect(source), await pspf.inspect(files.Good));
    }
    const expected = await gathered(pspf.listFiles(files.Good, 1));
    const told = [];
    assert.deepEqual(await worker.listFiles(files.Good, 1, { onEntries: (entries) => told.push(...entries) }), expected);
    assert.deepEqual(told, expected);
    const { path, size } = expected.find(({ type, size: bytes }) => type === 'file' && bytes > 0);
    assert.equal((await worker.extractFile(files.Good, 1, path)).size, size);
    assert.deepEqual(await worker.diff(files.Good, files['Older version']), await pspf.diff(files.Good, files['Older version']));
    assert.deepEqual(await worker.scan(files.Tampered), await pspf.scan(files.Tampered));
    assert.deepEqual(await worker.attestation(files.Good), await pspf.attestation(files.Good));
    assert.equal(await worker.sha256(files.Good), await pspf.sha256(files.Good));
    const many = await Promise.all(Array.from({ length: 9 }, () => worker.verifyJson(files.Good, trusted)));
    assert.equal(new Set(many).size, 1);
    worker.terminate();
  }
});

test('errors keep their kind, and what came before one is told', async () => {
  const worker = spawn();
  await assert.rejects(worker.listFiles(files.Good, 999), code('slot.missing'));
  await assert.rejects(worker.verify(files.Good, { trustedKey: [] }), TypeError);
  await assert.rejects(worker.verify(new ReadableStream()), code('source.type'));
  // Node lets no thread have a Blob that is a file; a path does as well.
  await assert.rejects(worker.verify(await openAsBlob(files.Good)), code('source.type'));
  await assert.rejects(worker.keyFromFile(new Uint8Array(3)), (error) => error instanceof Error && error.code.startsWith('key.'));
  const told = [];
  await assert.rejects(worker.listFiles(files['Hostile paths'], 0, { onEntries: (entries) => told.push(...entries) }), code('tar.path'));
  assert.equal(told[0].path, 'photos');
  worker.terminate();
  await assert.rejects(worker.verify(files.Good), code('worker.terminated'));
  assert.throws(() => spawn({ threads: 0 }), TypeError);
  assert.equal(typeof serve, 'function');
});

test('a call that is cancelled ends at once, whatever its thread does, and takes nothing else along', async () => {
  const stuck = join(folder(), 'stuck.mjs');
  const dist = (name) => JSON.stringify(pathToFileURL(join(npmFolder, 'dist', name)).href);
  // `sha256` never comes to an end here: it does not even hear of messages.
  writeFileSync(stuck, `import { parentPort } from 'node:worker_threads'; import * as pspf from ${dist('node.js')}; import { serve } from ${dist('worker-node.js')};
    serve({ ...pspf, sha256() { for (;;); } }, parentPort);`);
  const threads = [];
  const worker = spawn({ worker: () => {
    const made = new Worker(stuck);
    threads.push(new Promise((resolve) => made.on('exit', resolve)));
    return made;
  } });
  const stop = new AbortController();
  const endless = worker.sha256(files.Good, { signal: stop.signal });
  const listed = worker.listFiles(files.Good, 1);
  const expected = await gathered(pspf.listFiles(files.Good, 1));
  setTimeout(() => stop.abort(new Error('enough')), 200);
  await assert.rejects(endless, /enough/);
  await threads[0];
  assert.deepEqual(await listed, expected);
  assert.equal(threads.length, 2, 'one was replaced');
  worker.terminate();
});

test('what can be cancelled in order keeps its thread', async () => {
  let made = 0;
  const worker = spawn({ worker: () => {
    made += 1;
    return new Worker(join(npmFolder, 'dist/worker-thread-node.js'));
  } });
  for (let round = 0; round < 5; round += 1) {
    const stop = new AbortController();
    const verified = worker.verify(files.Good, { signal: stop.signal });
    stop.abort();
    await assert.rejects(verified, { name: 'AbortError' });
    assert.equal((await worker.verify(files.Good)).state, 'sealed');
  }
  assert.equal(made, 1);
  worker.terminate();
});

test('a thread that dies fails its calls, and the next one gets another', async () => {
  const mortal = join(folder(), 'mortal.mjs');
  const dist = (name) => JSON.stringify(pathToFileURL(join(npmFolder, 'dist', name)).href);
  writeFileSync(mortal, `import { parentPort } from 'node:worker_threads'; import * as pspf from ${dist('node.js')}; import { serve } from ${dist('worker-node.js')};
    serve({ ...pspf, sha256() { process.exit(7); } }, parentPort);`);
  const worker = spawn({ worker: () => new Worker(mortal) });
  await assert.rejects(worker.sha256(files.Good), code('worker.failed'));
  assert.equal((await worker.verify(files.Good)).state, 'sealed');
  worker.terminate();
});

test('after a trap of the engine a thread is replaced, and says nothing more', async () => {
  const trapping = join(folder(), 'trapping.mjs');
  const dist = (name) => JSON.stringify(pathToFileURL(join(npmFolder, 'dist', name)).href);
  writeFileSync(trapping, `import { parentPort } from 'node:worker_threads'; import * as pspf from ${dist('node.js')}; import { serve } from ${dist('worker-node.js')};
    serve({ ...pspf,
      async sha256() { throw new pspf.PspfError('engine.trap', 'the engine stopped'); },
      async attestation() { await new Promise((resolve) => setTimeout(resolve, 50)); return 'said after a trap'; },
    }, { postMessage: (message) => parentPort.postMessage(message), set onmessage(heard) { parentPort.on('message', (data) => heard({ data })); } });`);
  let made = 0;
  const worker = spawn({ worker: () => {
    made += 1;
    return new Worker(made === 1 ? trapping : join(npmFolder, 'dist/worker-thread-node.js'));
  } });
  const attestation = worker.attestation(files.Good);
  await assert.rejects(worker.sha256(files.Good), code('engine.trap'));
  assert.deepEqual(await attestation, await pspf.attestation(files.Good));
  assert.equal(made, 2);
  worker.terminate();
});

test('a thread without work keeps no process alive', () => {
  const text = `import { spawn } from ${JSON.stringify(pathToFileURL(join(npmFolder, 'dist/worker-node.js')).href)};
    const worker = spawn(); console.log((await worker.verify(process.argv[1])).state);`;
  const { status, stdout, stderr, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', text, files.Good], { encoding: 'utf8', timeout: 60_000 });
  assert.deepEqual([status, signal, stdout], [0, null, 'sealed\n'], stderr);
});

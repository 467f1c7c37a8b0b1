// Speed beside hash-wasm, and memory and requests on a package of 2 GB. Nothing is asserted: `cargo xtask bench-wasm` prints.
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { createReadStream, openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { createSHA256 } from 'hash-wasm';
import * as pspf from '../dist/node.js';
import { folder, program } from './environment.mjs';

const MIB = 1024 * 1024;
const ROUNDS = 7;

/** A package with one slot of `size` bytes, mostly holes. */
function large(size) {
  const path = folder();
  const slot = join(path, 'slot.bin');
  closeSync(openSync(slot, 'w'));
  truncateSync(slot, size);
  const handle = openSync(slot, 'r+');
  writeSync(handle, 'not only zeros', 4096);
  closeSync(handle);
  const manifest = { package: { name: 'large', version: '1' }, execution: { command: '{workenv}/slot.bin' }, slots: [{ id: 'slot', source: 'slot.bin', target: 'slot.bin', operations: 'none' }] };
  writeFileSync(join(path, 'manifest.json'), JSON.stringify(manifest));
  const output = join(path, 'large.psp');
  execFileSync(program('flavor'), ['pack', '--manifest', 'manifest.json', '--output', output, '--key-seed', 'bench', '--launcher-bin', process.env.PSPF_LAUNCHER], { cwd: path, stdio: ['ignore', 'ignore', 'inherit'] });
  return output;
}

async function seconds(work) {
  const started = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - started) / 1e9;
}

const bytes = readFileSync(large(256 * MIB));
const hasher = await createSHA256();
const works = {
  'hash-wasm SHA-256': () => {
    hasher.init();
    for (let at = 0; at < bytes.length; at += MIB) hasher.update(bytes.subarray(at, at + MIB));
    hasher.digest();
  },
  'pspf sha256': () => pspf.sha256(bytes),
  'pspf verify': () => pspf.verify(bytes),
};
const best = {};
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, work] of Object.entries(works)) {
    best[name] = Math.min(best[name] ?? Infinity, await seconds(work));
  }
}
const speed = (name) => bytes.length / MIB / best[name];
const peer = speed('hash-wasm SHA-256');
for (const name of Object.keys(works)) console.log(`${name}: ${speed(name).toFixed(0)} MiB/s, ${(speed(name) / peer).toFixed(2)} x hash-wasm (best of ${ROUNDS})`);

const path = large(2048 * MIB);
const measured = `
  import { readFileSync } from 'node:fs';
  import { verify } from ${JSON.stringify(new URL('../dist/node.js', import.meta.url).href)};
  let memory;
  const instantiate = WebAssembly.Instance;
  WebAssembly.Instance = function (...words) { const made = new instantiate(...words); memory ??= made.exports.memory; return made; };
  WebAssembly.Instance.prototype = instantiate.prototype;
  await verify(new Uint8Array(1));
  globalThis.gc();
  const before = process.memoryUsage().rss;
  const report = await verify(process.argv[1]);
  // Not resourceUsage: its peak is that of the parent too.
  const peak = Number(/^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
  console.log(\`verify of \${report.size} bytes: \${report.state}; wasm memory \${(memory.buffer.byteLength / ${MIB}).toFixed(1)} MiB, process growth \${((peak - before) / ${MIB}).toFixed(1)} MiB at most\`);`;
process.stdout.write(execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', measured, path], { encoding: 'utf8' }));

let served = 0;
let requests = 0;
const size = statSync(path).size;
const server = createServer((request, response) => {
  const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range);
  served += end - start + 1;
  requests += 1;
  response.writeHead(206, { 'content-range': `bytes ${start}-${end}/${size}`, 'content-length': end - start + 1, etag: '"1"' });
  createReadStream(path, { start: Number(start), end: Number(end) }).pipe(response);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
await pspf.inspect(new URL(`http://127.0.0.1:${server.address().port}/`));
console.log(`inspect of ${size} bytes over HTTP: ${served} bytes in ${requests} requests`);
server.closeAllConnections();
server.close();

// Speed beside hash-wasm, fflate and fzstd, and memory and requests on a package of 2 GB. Nothing is asserted: `cargo xtask bench-wasm` prints.
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { createReadStream, openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'fflate';
import { decompress } from 'fzstd';
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
  return packed(path, { command: '{workenv}/slot.bin', slots: [{ id: 'slot', source: 'slot.bin', target: 'slot.bin', operations: 'none' }] });
}

/** Packs what is in a folder. */
function packed(path, { command, slots }) {
  writeFileSync(join(path, 'manifest.json'), JSON.stringify({ package: { name: 'large', version: '1' }, execution: { command }, slots }));
  const output = join(path, 'large.psp');
  execFileSync(program('flavor'), ['pack', '--manifest', 'manifest.json', '--output', output, '--key-seed', 'bench', '--launcher-bin', process.env.PSPF_LAUNCHER], { cwd: path, stdio: ['ignore', 'ignore', 'inherit'] });
  return output;
}

/** Processor time: what else a machine does changes it least. */
async function seconds(work) {
  const started = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1e6;
}

/** A package with the same program in a slot for each of these codecs, and its stored bytes by codec. */
async function compressed(codecs) {
  const path = folder();
  // A program of 90 MB and more, which everybody has who runs this.
  const content = readFileSync(process.execPath).subarray(0, 64 * MIB);
  writeFileSync(join(path, 'slot.bin'), content);
  const slots = codecs.map((operations) => ({ id: operations, source: 'slot.bin', target: `${operations}.bin`, operations }));
  const bytes = readFileSync(packed(path, { command: '{workenv}/gzip.bin', slots }));
  const { report } = await pspf.inspect(bytes);
  return { bytes, size: content.length, stored: report.slots.map(({ range }) => bytes.subarray(range.start, range.end)) };
}

/** The digest of `bytes`, by hash-wasm. */
function digest(hasher, bytes) {
  hasher.init();
  for (let at = 0; at < bytes.length; at += MIB) hasher.update(bytes.subarray(at, at + MIB));
  return hasher.digest();
}

/** Reads a slot as a program would that has use for its content. */
async function decoded(bytes, slot) {
  let length = 0;
  for await (const piece of pspf.readSlot(bytes, slot)) length += piece.length;
  return length;
}

const hashed = readFileSync(large(256 * MIB));
const hasher = await createSHA256();
const { bytes, size, stored: [gzip, zstd] } = await compressed(['gzip', 'zstd']);
// `readSlot` decodes, compares the checksums in the stream and the SHA-256 of what is stored, and copies to JavaScript; fflate and fzstd only
// decode. So there are three lines: as it is, beside a peer that is given the same digest to make, and without the time of that digest.
const groups = [
  ['hash-wasm SHA-256', hashed.length, {
    'hash-wasm SHA-256': () => digest(hasher, hashed),
    'pspf sha256': () => pspf.sha256(hashed),
    'pspf verify': () => pspf.verify(hashed),
  }],
  ...[['fflate', gunzipSync, 'gzip', gzip, 0], ['fzstd', decompress, 'zstd', zstd, 1]].map(([peer, decode, codec, stored, slot]) => [`${peer} ${codec}`, size, {
    [`${peer} ${codec}`]: () => decode(stored),
    [`${peer} ${codec} and hash-wasm SHA-256 of what is stored`]: () => [decode(stored), digest(hasher, stored)],
    [`pspf sha256 of what is stored`]: () => pspf.sha256(stored),
    [`pspf readSlot, ${codec}`]: () => decoded(bytes, slot),
  }]),
];
const median = (times) => [...times].sort((a, b) => a - b)[times.length >> 1];
for (const [peer, length, works] of groups) {
  const times = Object.fromEntries(Object.keys(works).map((name) => [name, []]));
  // In turn, so that what else the machine does meets all of them.
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, work] of Object.entries(works)) times[name].push(await seconds(work));
  }
  const say = (name, taken, beside) => console.log(`${name}: ${(length / MIB / taken).toFixed(0)} MiB/s, ${(median(times[beside]) / taken).toFixed(2)} x ${beside} (median of ${ROUNDS})`);
  for (const name of Object.keys(works)) if (name !== 'pspf sha256 of what is stored') say(name, median(times[name]), peer);
  const [, both, own, ours] = Object.keys(works);
  if (!ours) continue;
  say(ours, median(times[ours]), both);
  say(`${ours}, without the digest of what is stored`, median(times[ours].map((taken, round) => taken - times[own][round])), peer);
}

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

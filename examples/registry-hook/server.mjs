// An upload endpoint that keeps what a policy accepts. See README.md.
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PspfError, scan, sha256 } from 'pspf';

const store = process.env.STORE ?? 'store';
// As text: the engine refuses what is misspelt or there twice. What it says of no bytes at all does not matter.
const policy = await readFile(process.env.POLICY ?? new URL('policy.json', import.meta.url), 'utf8');
await scan(new Uint8Array(0), policy);
const sizeLimit = JSON.parse(policy).limits?.packageSize ?? 256 * 1024 * 1024;
const scansAtOnce = count('SCANS', 2);
const waitingLimit = count('MAX_WAITING', 100);

function count(name, otherwise) {
  const value = Number(process.env[name] ?? otherwise);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name}=${process.env[name]} is no number from 1`);
  return value;
}

class Refusal extends Error {
  constructor(status, body) {
    super(`refused with ${status}`);
    this.status = status;
    this.body = body;
  }
}

let scanning = 0;
const waiting = [];

/** Runs `work` when fewer than `scansAtOnce` others are running. */
async function inTurn(work) {
  if (scanning >= scansAtOnce) await new Promise((resolve) => waiting.push(resolve));
  else scanning += 1;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else scanning -= 1;
  }
}

const tooLarge = () => new Refusal(413, { error: `a package may have ${sizeLimit} bytes` });

/** Writes the body to `path`, no more of it than is allowed. */
async function receive(request, path) {
  if (Number(request.headers['content-length'] ?? 0) > sizeLimit) throw tooLarge();
  let size = 0;
  const limit = new Transform({
    transform(chunk, _, done) {
      size += chunk.length;
      done(size > sizeLimit ? tooLarge() : null, chunk);
    },
  });
  await pipeline(request, limit, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
}

async function upload(request) {
  if (waiting.length >= waitingLimit) throw new Refusal(503, { error: 'too many uploads; try again' });
  const path = join(store, `${randomUUID()}.part`);
  try {
    await receive(request, path);
    return await inTurn(async () => {
      const result = await scan(path, policy);
      if (result.verdict !== 'accept') throw new Refusal(422, { findings: result.findings });
      const { name, version } = result.report.package;
      const digest = await sha256(path);
      await rename(path, join(store, `${digest}.psp`));
      return { sha256: digest, name, version, report: result.report };
    });
  } finally {
    await rm(path, { force: true });
  }
}

function answer(response, status, body) {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(body));
}

await mkdir(store, { recursive: true });
const server = createServer(async (request, response) => {
  if (request.method !== 'POST' || request.url !== '/packages') return answer(response, 404, { error: 'POST /packages' });
  try {
    answer(response, 201, await upload(request));
  } catch (error) {
    if (error instanceof Refusal) answer(response, error.status, error.body);
    else if (error instanceof PspfError) answer(response, 422, { findings: [{ code: error.code, severity: 'error', message: error.message }] });
    else answer(response, 500, { error: 'internal error' });
  }
});
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/packages`);
});

import { buffered } from './buffered.js';
import { PspfError } from './errors.js';

const MIB = 1024 * 1024;
const STREAM_LIMIT = 256 * MIB;
/** Bytes of a request in a pass over a remote file. */
const HTTP_AHEAD = 4 * MIB;

function bytesReader(bytes) {
  return { size: bytes.length, read: async (start, end) => bytes.subarray(start, end), close: async () => {} };
}

function blobReader(blob) {
  const read = async (start, end) => {
    try {
      return new Uint8Array(await blob.slice(start, end).arrayBuffer());
    } catch (cause) {
      throw new PspfError('source.read', `the file cannot be read (${cause.message}); was it changed or removed?`, { cause });
    }
  };
  return buffered(blob.size, read, MIB);
}

/** Chunks of a stream, at most `limit` bytes of them. */
export async function* limited(stream, limit, signal) {
  const reader = stream.getReader();
  const abort = () => reader.cancel(signal.reason).catch(() => {});
  signal?.addEventListener('abort', abort, { once: true });
  let size = 0;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) return;
      size += value.length;
      if (size > limit) {
        await reader.cancel().catch(() => {});
        throw new PspfError('source.limit', `the stream has more than ${limit} bytes, the limit (streamLimit)`);
      }
      yield value;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    reader.releaseLock();
  }
}

/** Keeps a stream in memory: a package is read from its end. */
export async function gathered(stream, { signal, streamLimit = STREAM_LIMIT }) {
  const chunks = [];
  for await (const chunk of limited(stream, streamLimit, signal)) chunks.push(chunk.slice());
  return blobReader(new Blob(chunks));
}

async function answer(url, init) {
  try {
    return await fetch(url, init);
  } catch (cause) {
    init.signal?.throwIfAborted();
    throw new PspfError('source.fetch', `${url} cannot be reached: ${cause.cause?.message ?? cause.message}`, { cause });
  }
}

async function httpReader(url, options, keep) {
  const { signal } = options;
  const first = await answer(url, { headers: { range: 'bytes=0-0' }, signal });
  const total = /^bytes 0-0\/(\d+)$/.exec(first.headers.get('content-range') ?? '');
  if (first.status === 200 && first.body) return keep(first.body, options);
  await first.body?.cancel();
  if (first.status !== 206 || !total) {
    throw new PspfError('source.http', `${url} answered ${first.status} to a request for one byte`);
  }
  const identity = first.headers.get('etag') ?? first.headers.get('last-modified');
  const read = async (start, end, current) => {
    const headers = { range: `bytes=${start}-${end - 1}` };
    if (identity && !identity.startsWith('W/')) headers['if-range'] = identity;
    const part = await answer(url, { headers, signal: current ?? signal });
    const expected = `bytes ${start}-${end - 1}/${total[1]}`;
    const found = part.headers.get('content-range');
    if (part.status !== 206 || found !== expected) {
      await part.body?.cancel();
      throw new PspfError('source.changed', `${url} answered ${part.status} (${found}), expected 206 (${expected}); was the file changed?`);
    }
    const bytes = new Uint8Array(await part.arrayBuffer());
    if (bytes.length !== end - start) throw new PspfError('source.read', `${url} gave ${bytes.length} bytes of ${end - start}`);
    return bytes;
  };
  return buffered(Number(total[1]), read, HTTP_AHEAD);
}

/** A reader for any source that every host has. `keep` stores streams. */
export async function open(source, options = {}, keep = gathered) {
  if (source instanceof Uint8Array) return bytesReader(source);
  if (source instanceof ArrayBuffer) return bytesReader(new Uint8Array(source));
  if (typeof Blob === 'function' && source instanceof Blob) return blobReader(source);
  if (typeof ReadableStream === 'function' && source instanceof ReadableStream) return keep(source, options);
  if (source instanceof URL && /^https?:$/.test(source.protocol)) return httpReader(source, options, keep);
  const what = source instanceof URL ? source.protocol : typeof source;
  throw new PspfError('source.type', `a package cannot be read from ${what} here; see Source in the types`);
}

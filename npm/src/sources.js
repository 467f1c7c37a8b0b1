import { PASS, buffered } from './buffered.js';
import { PspfError } from './errors.js';
import { shownUrl } from './url.js';

const MIB = 1024 * 1024;
const STREAM_LIMIT = 256 * MIB;
/** Bytes of a request in a pass over a remote file. */
const HTTP_AHEAD = 4 * MIB;

function bytesReader(bytes) {
  return { size: bytes.length, read: async (start, end) => bytes.subarray(start, end), close: async () => {} };
}

/** Buffers of a pass over a `Blob`: the one that is held, the one that is read ahead, and the one that is free. */
const PASS_BUFFERS = 3;

/**
 * Milliseconds after which a stream of a `Blob` is given up. In Chromium 156 the first read of one now and then never ends while other
 * files are read.
 */
const STREAM_MS = 1000;

/** What `promise` gives, or `undefined` where it takes longer. */
async function within(milliseconds, promise) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Reads a `Blob` by slices where little is wanted, and through one stream where it is read in order: that stream fills the same few
 * buffers again and again, while a browser keeps every slice's buffer until it collects garbage (measured: 140 MB for 1 GB).
 */
function blobReader(blob) {
  const buffers = Array.from({ length: PASS_BUFFERS }, () => new ArrayBuffer(0));
  let turn = 0;
  let stream;
  let streams = byteStreams(blob);
  let at = -1;
  const slice = async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer());
  const give = () => {
    stream?.cancel().catch(() => {});
    stream = undefined;
  };
  /** The next bytes of the stream; `undefined` where it does not answer. */
  const along = async (start, end) => {
    if (start !== at) {
      give();
      stream = blob.slice(start).stream().getReader({ mode: 'byob' });
      at = start;
    }
    turn = (turn + 1) % PASS_BUFFERS;
    let buffer = buffers[turn].byteLength === MIB ? buffers[turn] : new ArrayBuffer(MIB);
    const length = Math.min(end - start, MIB);
    let filled = 0;
    while (filled < length) {
      const answer = await within(STREAM_MS, stream.read(new Uint8Array(buffer, filled, length - filled)));
      if (!answer) return undefined;
      if (answer.done) throw new Error(`it ends at byte ${start + filled}`);
      buffer = answer.value.buffer;
      filled += answer.value.length;
    }
    buffers[turn] = buffer;
    at = start + filled;
    return new Uint8Array(buffer, 0, filled);
  };
  const read = async (start, end) => {
    try {
      if (streams && end - start >= PASS) {
        const bytes = await along(start, end);
        if (bytes) return bytes;
        // It has the buffer, too. Slices do the rest.
        buffers[turn] = new ArrayBuffer(0);
        streams = false;
        give();
      }
      return await slice(start, end);
    } catch (cause) {
      throw new PspfError('source.read', `the file cannot be read (${cause.message}); was it changed or removed?`, { cause });
    }
  };
  return buffered(blob.size, read, MIB, async () => give());
}

/** Whether a host's `Blob` fills buffers that it is given; not all do. */
function byteStreams(blob) {
  try {
    blob.slice(0, 0).stream().getReader({ mode: 'byob' }).cancel().catch(() => {});
    return true;
  } catch {
    return false;
  }
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
    throw new PspfError('source.fetch', `${shownUrl(url)} cannot be reached: ${cause.cause?.message ?? cause.message}`, { cause });
  }
}

/** A URL without user and password, which `fetch` does not take, and the header that says them instead. */
function withoutUser(url) {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  if (bare.href === url.href) return { bare, own: {} };
  const text = new TextEncoder().encode(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`);
  return { bare, own: { authorization: `Basic ${btoa(String.fromCharCode(...text))}` } };
}

async function httpReader(named, options, keep) {
  const { signal } = options;
  const { bare: url, own } = withoutUser(named);
  const first = await answer(url, { headers: { ...own, range: 'bytes=0-0' }, signal });
  const total = /^bytes 0-0\/(\d+)$/.exec(first.headers.get('content-range') ?? '');
  if (first.status === 200 && first.body) return keep(first.body, options);
  await first.body?.cancel();
  if (first.status !== 206 || !total) {
    throw new PspfError('source.http', `${url} answered ${first.status} to a request for one byte`);
  }
  const identity = first.headers.get('etag') ?? first.headers.get('last-modified');
  const read = async (start, end, current) => {
    const headers = { ...own, range: `bytes=${start}-${end - 1}` };
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

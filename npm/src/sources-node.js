import { constants } from 'node:fs';
import { open as openFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { buffered } from './buffered.js';
import { PspfError } from './errors.js';
import { limited, open as openAny } from './sources.js';

const MIB = 1024 * 1024;
const SPOOL_LIMIT = 4096 * MIB;

function failed(what, cause) {
  return new PspfError('source.read', `${what}: ${cause.message}`, { cause });
}

/** Reads by position into two buffers in turn; whoever gets one is done with it when asking for the next. */
async function handleReader(handle, name) {
  const { size } = await handle.stat();
  const buffers = [];
  let turn = 0;
  const read = async (start, end) => {
    turn = 1 - turn;
    if (!(buffers[turn]?.length >= end - start)) buffers[turn] = new Uint8Array(end - start);
    const { bytesRead } = await handle.read(buffers[turn], 0, end - start, start).catch((cause) => {
      throw failed(name, cause);
    });
    if (bytesRead === 0) throw new PspfError('source.read', `${name}: the file ends at ${start}, it had ${size} bytes`);
    return buffers[turn].subarray(0, bytesRead);
  };
  return buffered(size, read, MIB, () => handle.close());
}

// A FIFO that nobody writes to would hold up who opens it. (Windows has neither.)
const TO_READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

async function fileReader(path) {
  const handle = await openFile(path, TO_READ).catch((cause) => {
    throw failed(path, cause);
  });
  try {
    if (!(await handle.stat()).isFile()) throw new PspfError('source.type', `${path} is not a file`);
    return await handleReader(handle, path);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Keeps a stream in a temporary file that has no name any more: it is gone with the process, however that ends. */
async function spooled(stream, { signal, streamLimit = SPOOL_LIMIT }) {
  const folder = await mkdtemp(join(tmpdir(), 'pspf-'));
  let handle;
  try {
    handle = await openFile(join(folder, 'package'), 'wx+', 0o600);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  try {
    for await (const chunk of limited(stream, streamLimit, signal)) await handle.writeFile(chunk);
    return await handleReader(handle, 'the stream');
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** As in every host, and paths, file URLs and Node's own streams. */
export async function open(source, options = {}) {
  if (typeof source === 'string') return fileReader(source);
  if (source instanceof URL && source.protocol === 'file:') return fileReader(fileURLToPath(source));
  if (source instanceof Readable) return spooled(Readable.toWeb(source), options);
  return openAny(source, options, spooled);
}

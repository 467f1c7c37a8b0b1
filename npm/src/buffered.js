/** Reads from this size on are taken for a pass over the file, and the next one is begun before it is asked for. */
export const PASS = 512 * 1024;

/**
 * A reader over `readRange(start, end, signal)`, which gives at least the first byte of the range. Reading and hashing overlap:
 * at most two ranges of `ahead` bytes are held.
 */
export function buffered(size, readRange, ahead, close = async () => {}) {
  let held = { start: 0, bytes: new Uint8Array(0) };
  let next;
  let last = -1;
  const begin = (start, end, signal) => {
    const promise = readRange(start, end, signal);
    // Whether it failed is asked for when it is needed.
    promise.catch(() => {});
    return { start, end, promise };
  };
  return {
    size,
    async read(start, end, signal) {
      let at = start - held.start;
      if (at < 0 || at >= held.bytes.length) {
        const pass = end - start >= PASS;
        if (!next || start !== next.start) {
          await next?.promise.catch(() => {});
          next = begin(start, pass && start === last ? Math.min(size, start + ahead) : end, signal);
        }
        const bytes = await next.promise;
        held = { start, bytes };
        at = 0;
        const from = start + bytes.length;
        next = pass && from < size ? begin(from, Math.min(size, from + ahead), signal) : undefined;
      }
      const bytes = held.bytes.subarray(at, at + end - start);
      last = start + bytes.length;
      return bytes;
    },
    async close() {
      await next?.promise.catch(() => {});
      await close();
    },
  };
}

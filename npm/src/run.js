import { fromEngine } from './errors.js';

/** Bytes given to a decoder at once: what they decode to is handed on before the next. */
const STEP = 64 * 1024;

/**
 * Drives one task of the engine: reads what it wants until it wants no more. Yields the parts of the result that come on the way;
 * returns its text. `decode` is called with each piece of content.
 */
export async function* steps(task, reader, { signal, onProgress, decode, pieces = false }) {
  try {
    while (task.pending) {
      signal?.throwIfAborted();
      const bytes = await reader.read(task.start, task.end, signal);
      const step = pieces ? STEP : bytes.length;
      for (let at = 0; at < bytes.length; at += step) {
        task.supply(bytes.subarray(at, at + step), decode);
        if (pieces) yield task.part();
      }
      onProgress?.(task.done, task.total);
    }
    signal?.throwIfAborted();
    return task.finish();
  } catch (error) {
    throw fromEngine(error);
  } finally {
    task.free();
  }
}

/** Drives a task that gives nothing on the way. */
export async function run(task, reader, options) {
  const { value } = await steps(task, reader, options).next();
  return value;
}

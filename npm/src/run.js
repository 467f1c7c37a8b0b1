import { fromEngine } from './errors.js';

/** Bytes given to a decoder at once: what they decode to is handed on before the next. */
const STEP = 64 * 1024;

/**
 * Drives one task of the engine: reads what it wants until it wants no more. With `pieces`, bytes go in by steps, and the parts of
 * the result that come on the way are yielded; `decode` is called with each piece of content. Returns the result's text.
 */
export async function* steps(task, reader, { signal, onProgress, decode, pieces = false }) {
  try {
    while (task.pending) {
      signal?.throwIfAborted();
      const bytes = await reader.read(task.start, task.end, signal);
      const step = pieces ? STEP : bytes.length;
      // A slot that is refused wants no more of its bytes: what is wanted then is somewhere else, or nothing.
      const { start } = task;
      for (let at = 0; at < bytes.length && task.pending && task.start === start + at; at += step) {
        try {
          task.supply(bytes.subarray(at, at + step), decode);
        } finally {
          // What came before a failure, too: somebody who looks at a hostile archive wants to see it.
          if (decode || pieces) yield task.part();
        }
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

/** The end of a generator whose parts nobody wants. */
export async function run(parts) {
  for (;;) {
    const { done, value } = await parts.next();
    if (done) return value;
  }
}

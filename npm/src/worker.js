// The functions of the package with the work done in a web worker, so that the page stays quick.
import { PspfError } from './errors.js';
import { NOTHING_DEMANDED } from './options.js';

/** Starts a worker; `terminate` ends it with all that it does. */
export function spawn({ engine } = {}) {
  const worker = new Worker(new URL('./worker-thread.js', import.meta.url), { type: 'module' });
  const waiting = new Map();
  let next = 0;
  if (engine) worker.postMessage({ engine });
  const settle = (id, how, value) => {
    const entry = waiting.get(id);
    waiting.delete(id);
    entry?.settled();
    entry?.[how](value);
  };
  worker.onmessage = ({ data: { id, value, error, progress } }) => {
    if (progress) waiting.get(id)?.onProgress?.(...progress);
    else if (error) settle(id, 'reject', error.code ? new PspfError(error.code, error.message) : new (error.name === 'TypeError' ? TypeError : Error)(error.message));
    else settle(id, 'resolve', value);
  };
  const fail = (error) => {
    for (const id of [...waiting.keys()]) settle(id, 'reject', error);
  };
  worker.onerror = (event) => fail(new PspfError('worker.failed', event.message || 'the worker could not be started'));
  const call = (name, words, { signal, onProgress, ...options } = {}) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const id = next;
      next += 1;
      const abort = () => {
        worker.postMessage({ id, name: 'abort' });
        settle(id, 'reject', signal.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
      waiting.set(id, { resolve, reject, onProgress, settled: () => signal?.removeEventListener('abort', abort) });
      worker.postMessage({ id, name, words: [...words, options], heard: onProgress !== undefined });
    });
  return {
    inspect: (source, options) => call('inspect', [source], options),
    verify: (source, options) => call('verify', [source], options),
    verifyJson: (source, options) => call('verifyJson', [source], options),
    attestation: (source, options) => call('attestation', [source], options),
    sha256: (source, options) => call('sha256', [source], options),
    diff: (before, after, options) => call('diff', [before, after], options),
    scan: (source, ...words) => (words.length === 0 ? call('scan', [source, NOTHING_DEMANDED]) : call('scan', [source, words[0]], words[1])),
    listFiles: (source, slot, options) => call('listFiles', [source, slot], options),
    extractFile: (source, slot, path, options) => call('extractFile', [source, slot, path], options),
    readSlot: (source, slot, options) => call('readSlot', [source, slot], options),
    terminate() {
      worker.terminate();
      fail(new PspfError('worker.terminated', 'the worker was ended'));
    },
  };
}

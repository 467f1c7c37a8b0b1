// The verification engine's side of the page: calls to the worker in which the npm package runs.

import { engineModule, workerScript } from 'built:engine';
import { workerUrl } from './script-urls.js';

let worker;
let last = 0;
const calls = new Map();

/**
 * Starts the worker from a Blob: such a worker obeys this page's Content-Security-Policy, so that it cannot reach a network
 * either. One that is loaded by URL would obey its own response's headers, which a static host may not set.
 */
function started() {
  if (worker) return worker;
  const url = workerUrl(workerScript);
  worker = new Worker(url);
  URL.revokeObjectURL(url);
  worker.onmessage = ({ data }) => receive(data);
  worker.onerror = (event) => end(event.message || 'The worker stopped.');
  const made = worker;
  const start = engineModule().then((bytes) => made.postMessage({ start: bytes }));
  start.catch((error) => end(`The engine could not be unpacked: ${error.message}`));
  return worker;
}

/** Ends the worker, and every call that waits for it. */
function end(message) {
  worker?.terminate();
  worker = undefined;
  for (const call of calls.values()) call.reject(new Error(message));
  calls.clear();
}

function receive({ call: number, progress, items, result, error }) {
  const call = calls.get(number);
  if (!call) return;
  if (progress) return call.onProgress?.(...progress);
  if (items) return call.onItems?.(items);
  calls.delete(number);
  // After a trap nothing is known of the engine's memory: the next call starts another.
  if (error?.name === 'RuntimeError') end('The engine stopped.');
  if (error) call.reject(Object.assign(new Error(error.message), { code: error.code, name: error.name }));
  else call.resolve(result);
}

/**
 * Calls the engine: `method` of the worker with `args`. `signal` cancels, `onProgress(done, total)` counts bytes, `onItems` takes
 * what a listing has found so far.
 */
export function call(method, args, { signal, onProgress, onItems } = {}) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const number = ++last;
    calls.set(number, { resolve, reject, onProgress, onItems });
    signal?.addEventListener('abort', () => started().postMessage({ cancel: number }), { once: true });
    started().postMessage({ call: number, method, args });
  });
}

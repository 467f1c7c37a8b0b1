// The functions of the package with the work done in Node's threads.
import { Worker } from 'node:worker_threads';
import { workers } from './worker-client.js';

export { serve } from './worker-server.js';

const own = () => new Worker(new URL('./worker-thread-node.js', import.meta.url), { execArgv: [] });

/** Starts threads; `terminate` ends them with all that they do. One that has nothing to do keeps no process alive. */
export function spawn({ worker = own, ...options } = {}) {
  const start = (receive, failed) => {
    const made = worker();
    made.on('message', receive);
    made.on('error', (error) => failed(error.message));
    made.on('exit', (code) => failed(`the thread ended with code ${code}`));
    return { post: (message) => made.postMessage(message), end: () => made.terminate(), hold: (busy) => (busy ? made.ref() : made.unref()) };
  };
  return workers(start, options);
}

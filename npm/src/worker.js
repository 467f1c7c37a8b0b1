// The functions of the package with the work done in web workers, so that the page stays quick.
import { workers } from './worker-client.js';

export { serve } from './worker-server.js';

const own = () => new Worker(new URL('./worker-thread.js', import.meta.url), { type: 'module' });

/** Starts workers; `terminate` ends them with all that they do. */
export function spawn({ worker = own, ...options } = {}) {
  const start = (receive, failed) => {
    const made = worker();
    made.onmessage = ({ data }) => receive(data);
    made.onerror = (event) => failed(event.message || 'the worker could not be started');
    return { post: (message) => made.postMessage(message), end: () => made.terminate() };
  };
  return workers(start, options);
}

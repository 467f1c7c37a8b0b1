// What runs in a worker: does what worker-client.js asks for.

/** Milliseconds between two messages of progress. */
const PROGRESS_MS = 50;

/** Entries of a listing in one message. */
const BATCH = 500;

const unpacked = (source) => (typeof source?.url === 'string' ? new URL(source.url) : source);

/** Answers on `port` (a worker's global scope, or Node's `parentPort`) with `functions`, those of the package. */
export function serve(functions, port = globalThis) {
  const running = new Map();
  let trapped = false;
  const post = (message) => {
    // Nothing that the engine says after a trap is to be believed.
    if (!trapped) port.postMessage(message);
  };

  async function listed(id, source, slot, options) {
    let entries = [];
    const send = () => {
      if (entries.length > 0) post({ id, entries });
      entries = [];
    };
    try {
      for await (const entry of functions.listFiles(source, slot, options)) {
        if (entries.push(entry) === BATCH) send();
      }
    } finally {
      // What came before a hostile entry, too.
      send();
    }
  }

  function done({ id, name, sources, words, options, counted }, signal) {
    const [given, rest] = [sources.map(unpacked), { ...options, signal }];
    let told = 0;
    if (counted) {
      rest.onProgress = (at, total) => {
        const now = performance.now();
        if (now - told < PROGRESS_MS && at !== total) return;
        told = now;
        post({ id, progress: [at, total] });
      };
    }
    // These two take no options.
    if (given.length === 0) return functions[name](...words);
    if (name === 'listFiles') return listed(id, ...given, ...words, rest);
    const made = functions[name](...given, ...words, rest);
    return made instanceof ReadableStream ? new Response(made).blob() : made;
  }

  port.onmessage = async ({ data: message }) => {
    const { id, engine, abort } = message;
    if (engine) return void functions.init(engine).catch(() => {});
    if (abort) return void running.get(id)?.abort();
    const controller = new AbortController();
    running.set(id, controller);
    try {
      post({ id, value: await done(message, controller.signal) });
    } catch (error) {
      const { name, message: text, code } = error instanceof Error ? error : new Error(String(error));
      post({ id, error: { name, message: text, code: typeof code === 'string' ? code : undefined } });
      trapped ||= code === 'engine.trap';
    } finally {
      running.delete(id);
    }
  };
}

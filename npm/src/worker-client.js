// The functions of the package, done in workers: what web workers and Node's threads have in common (worker-server.js is the other side).
import { PspfError } from './errors.js';
import { NOTHING_DEMANDED } from './options.js';

/** Milliseconds in which a worker must have ended what was cancelled; one that has not is replaced. */
const CANCEL_MS = 500;

const compiled = (engine) => (engine instanceof WebAssembly.Module ? engine : WebAssembly.compile(engine));

/** What a source becomes on its way: everything but a URL can be copied. */
const packed = (source) => (source instanceof URL ? { url: source.href } : source);

/** The error that a message tells of. */
function restored({ name, code, message }) {
  if (code !== undefined) return new PspfError(code, message);
  const kind = { TypeError, RangeError }[name] ?? Error;
  return Object.assign(new kind(message), { name });
}

/**
 * One worker. `start(receive, failed)` starts it and gives `post(message)`, `end()`, and where idle threads keep a process alive
 * `hold(busy)`. It is started when it is first needed, and again after it was ended by a trap, a failure or a cancelled call that did
 * not stop; what else was asked of it is asked again, which changes nothing: every call only reads.
 */
function connection(start, module) {
  /** What callers wait for, by number. */
  const calls = new Map();
  /** Cancelled, and not heard of since. */
  const ending = new Map();
  let worker;
  let over;
  let last = 0;

  function started() {
    if (worker) return worker;
    const own = (worker = start((message) => own === worker && receive(message), (text) => own === worker && fail(new PspfError('worker.failed', text || 'the worker stopped'))));
    if (module) {
      own.ready = module.then((engine) => own.post({ engine }));
      own.ready.catch((error) => own === worker && fail(error));
    }
    return own;
  }

  async function post(message) {
    const own = started();
    own.hold?.(calls.size > 0);
    if (own.ready) await own.ready;
    if (own !== worker) return;
    try {
      own.post(message);
    } catch (cause) {
      throw new PspfError('source.type', `this cannot be handed to a worker: ${cause.message}`, { cause });
    }
  }

  const ask = (id, call) => post(call.message).catch((error) => settle(id, 'reject', error));

  function stop() {
    for (const timer of ending.values()) clearTimeout(timer);
    ending.clear();
    worker?.end();
    worker = undefined;
  }

  function fail(error) {
    stop();
    for (const id of [...calls.keys()]) settle(id, 'reject', error);
  }

  function again() {
    stop();
    for (const [id, call] of calls) {
      call.entries = [];
      ask(id, call);
    }
  }

  function settle(id, how, value) {
    const call = calls.get(id);
    if (!calls.delete(id)) return;
    call.settled();
    call[how](value);
    if (calls.size === 0) worker?.hold?.(false);
  }

  function receive({ id, progress, entries, value, error }) {
    const call = calls.get(id);
    if (progress) return call?.onProgress?.(...progress);
    if (entries) return call?.take(entries);
    clearTimeout(ending.get(id));
    ending.delete(id);
    if (error) settle(id, 'reject', restored(error));
    else settle(id, 'resolve', call?.message.name === 'listFiles' ? call.entries : value);
    // After a trap nothing is known of the engine's memory.
    if (error?.code === 'engine.trap') again();
  }

  function cancel(id, reason) {
    post({ id, abort: true }).catch(() => {});
    settle(id, 'reject', reason);
    const timer = setTimeout(again, CANCEL_MS);
    timer.unref?.();
    ending.set(id, timer);
  }

  function call(name, sources, words, { signal, onProgress, onEntries, ...options } = {}) {
    return new Promise((resolve, reject) => {
      if (over) return reject(over);
      if (signal?.aborted) return reject(signal.reason);
      const id = (last += 1);
      const abort = () => cancel(id, signal.reason);
      signal?.addEventListener('abort', abort, { once: true });
      let told = 0;
      const made = {
        message: { id, name, sources: sources.map(packed), words, options, counted: onProgress !== undefined },
        resolve, reject, onProgress, entries: [],
        settled: () => signal?.removeEventListener('abort', abort),
        take(found) {
          for (const entry of found) this.entries.push(entry);
          // A second worker begins at the first entry again.
          if (this.entries.length <= told) return;
          onEntries?.(this.entries.slice(told));
          told = this.entries.length;
        },
      };
      calls.set(id, made);
      ask(id, made);
    });
  }

  return {
    call,
    get busy() {
      return calls.size;
    },
    terminate() {
      over = new PspfError('worker.terminated', 'the worker was ended');
      fail(over);
    },
  };
}

/** The functions of the package over `threads` workers that `start` starts; each call goes to the one that has least to do. */
export function workers(start, { engine, threads = 1 } = {}) {
  if (!Number.isInteger(threads) || threads < 1) throw new TypeError(`threads of spawn is not a whole number from 1: ${threads}`);
  const module = engine === undefined ? undefined : Promise.resolve(engine).then(compiled);
  // Whoever calls hears of it.
  module?.catch(() => {});
  const all = Array.from({ length: threads }, () => connection(start, module));
  const call = (...words) => all.reduce((least, one) => (one.busy < least.busy ? one : least)).call(...words);
  const terminate = () => all.forEach((one) => one.terminate());
  return {
    inspect: (source, options) => call('inspect', [source], [], options),
    verify: (source, options) => call('verify', [source], [], options),
    verifyJson: (source, options) => call('verifyJson', [source], [], options),
    attestation: (source, options) => call('attestation', [source], [], options),
    sha256: (source, options) => call('sha256', [source], [], options),
    diff: (before, after, options) => call('diff', [before, after], [], options),
    scan: (source, ...words) => (words.length === 0 ? call('scan', [source], [NOTHING_DEMANDED]) : call('scan', [source], [words[0]], words[1])),
    listFiles: (source, slot, options) => call('listFiles', [source], [slot], options),
    extractFile: (source, slot, path, options) => call('extractFile', [source], [slot, path], options),
    readSlot: (source, slot, options) => call('readSlot', [source], [slot], options),
    keyFromFile: (file) => call('keyFromFile', [], [file]),
    revokedFromList: (list) => call('revokedFromList', [], [list]),
    terminate,
    [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: terminate,
  };
}

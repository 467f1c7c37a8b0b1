// Runs the npm package in a worker. What a package is, is decided there; nothing here knows a byte of the format.

import * as pspf from 'pspf';

/** Entries of a listing that go to the page at once. */
const BATCH = 500;

/** Milliseconds between two messages of progress. */
const PROGRESS_EVERY = 50;

const running = new Map();
let begin;
const ready = new Promise((resolve, reject) => { begin = (bytes) => WebAssembly.compile(bytes).then((module) => pspf.init(module)).then(resolve, reject); });
ready.catch(() => {});

/** What the package reads: a file, or an address in a build that allows it. */
const source = (file) => (file.url ? new URL(file.url) : file);

const methods = {
  version: async () => ({ version: pspf.version }),
  inspect: ({ file, trustedKeys, revokedKeys }, options) => pspf.inspect(source(file), { ...options, trustedKeys, revokedKeys }),
  verify: ({ file, trustedKeys, revokedKeys }, options) => pspf.verify(source(file), { ...options, trustedKeys, revokedKeys }),
  diff: ({ a, b }, options) => pspf.diff(source(a), source(b), options),
  attestation: ({ file }, options) => pspf.attestation(source(file), options),
  keyFromFile: ({ bytes }) => pspf.keyFromFile(bytes),
  revokedFromList: ({ bytes }) => pspf.revokedFromList(bytes),
  async listFiles({ file, slot }, options, emit) {
    let batch = [];
    let total = 0;
    try {
      for await (const entry of pspf.listFiles(source(file), slot, options)) {
        batch.push(entry);
        total += 1;
        if (batch.length === BATCH) {
          emit({ items: batch });
          batch = [];
        }
      }
    } finally {
      // What came before a hostile entry is shown, too.
      emit({ items: batch });
    }
    return total;
  },
  scan: ({ file, policy }, options) => pspf.scan(source(file), policy, options),
  // What is not proved may be looked at, too: the page says that it is not.
  async extractFile({ file, slot, path }, { signal }) {
    const options = { signal, allowUnverified: true };
    const stream = path === undefined ? pspf.readSlot(source(file), slot, options) : pspf.extractFile(source(file), slot, path, options);
    return new Response(await stream).blob();
  },
};

onmessage = async ({ data }) => {
  if (data.start) {
    begin(data.start);
    return;
  }
  if (data.cancel) {
    running.get(data.cancel)?.abort();
    return;
  }
  const { call, method, args } = data;
  const controller = new AbortController();
  running.set(call, controller);
  let told = 0;
  const onProgress = (done, total) => {
    const now = performance.now();
    if (now - told < PROGRESS_EVERY && done < total) return;
    told = now;
    postMessage({ call, progress: [done, total] });
  };
  try {
    await ready;
    const result = await methods[method](args, { signal: controller.signal, onProgress }, (part) => postMessage({ call, ...part }));
    postMessage({ call, result });
  } catch (error) {
    const { name, message, code } = error instanceof Error ? error : new Error(String(error));
    postMessage({ call, error: { name, message, code: typeof code === 'string' ? code : undefined } });
  } finally {
    running.delete(call);
  }
};

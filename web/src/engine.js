// The verification engine's side of the page: the npm package, which runs in a worker.

import { engineModule, workerScript } from 'built:engine';
import { spawn } from 'pspf/worker';
import { workerUrl } from './script-urls.js';

/**
 * The worker comes from a Blob: such a worker obeys this page's Content-Security-Policy, so that it cannot reach a network
 * either. One that is loaded by URL would obey its own response's headers, which a static host may not set.
 */
function worker() {
  const url = workerUrl(workerScript);
  const made = new Worker(url);
  URL.revokeObjectURL(url);
  return made;
}

/** The functions of the package (npm/worker.d.ts). */
export const engine = spawn({ worker, engine: engineModule() });

/** What is read: a file, or an address in a build that allows it. */
const source = (file) => (file.url ? new URL(file.url) : file);

const methods = {
  inspect: ({ file, trustedKeys, revokedKeys }, options) => engine.inspect(source(file), { ...options, trustedKeys, revokedKeys }),
  verifyJson: ({ file, ...asked }, options) => engine.verifyJson(source(file), { ...options, ...asked }),
  sha256: ({ file }, options) => engine.sha256(source(file), options),
  diff: ({ a, b }, options) => engine.diff(source(a), source(b), options),
  attestation: ({ file }, options) => engine.attestation(source(file), options),
  keyFromFile: ({ bytes }) => engine.keyFromFile(bytes),
  revokedFromList: ({ bytes }) => engine.revokedFromList(bytes),
  listFiles: async ({ file, slot }, { onItems, ...options }) => (await engine.listFiles(source(file), slot, { ...options, onEntries: onItems })).length,
  // What is not proved may be looked at, too: the page says that it is not.
  extractFile({ file, slot, path }, { signal }) {
    const options = { signal, allowUnverified: true };
    return path === undefined ? engine.readSlot(source(file), slot, options) : engine.extractFile(source(file), slot, path, options);
  },
};

/**
 * Calls the engine: `method` with `args`. `signal` cancels, `onProgress(done, total)` counts bytes, `onItems` takes what a listing has
 * found so far.
 */
export const call = (method, args, options = {}) => methods[method](args, options);

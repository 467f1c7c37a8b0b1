// Only these: what wasm-bindgen has for loading by itself names a file that is not there, which bundlers would look for.
import { EngineTask, initSync, keyFromFile, revokedFromList } from '../generated/pspf.js';
import { PspfError } from './errors.js';

let ready;
let load = () => {
  throw new PspfError('engine.missing', 'this host has no way to load the engine by itself: call init(WebAssembly.Module) first');
};

/** How an entry point loads the engine where the caller hands none over. */
export function setLoader(loader) {
  load = loader;
}

async function compile(engine) {
  const given = await engine;
  if (given instanceof WebAssembly.Module) return given;
  if (typeof Response === 'function' && given instanceof Response) {
    if (!given.ok) throw new PspfError('engine.fetch', `${given.url} answered ${given.status}; pass the engine to init()`);
    return WebAssembly.compile(await given.arrayBuffer());
  }
  if (given instanceof URL) return compile(fetch(given));
  return WebAssembly.compile(given);
}

/** Loads the engine once; a failed attempt may be repeated. */
export function init(engine) {
  ready ??= compile(engine ?? load()).then(
    (module) => {
      initSync({ module });
    },
    (error) => {
      ready = undefined;
      throw error;
    },
  );
  return ready;
}

/** The engine's functions, loaded. */
export async function engine() {
  await init();
  return { EngineTask, keyFromFile, revokedFromList };
}

// The engine inside the script: for pages that may fetch nothing, or cannot place a second file.
import { api } from './api.js';
import { setLoader } from './engine.js';
import { open } from './sources.js';
import wasm from '../generated/pspf.wasm';

setLoader(() => {
  const packed = Uint8Array.from(atob(wasm), (character) => character.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
});

export * from './public.js';
export const { verify, verifyJson, inspect, listFiles, extractFile, readSlot, attestation, diff, scan, sha256, keyFromFile, revokedFromList } = api(open);
export { sarif } from './sarif.js';

import { api } from './api.js';
import { setLoader } from './engine.js';
import { open } from './sources.js';

setLoader(() => fetch(new URL('./pspf.wasm', import.meta.url)));

export * from './public.js';
export const { verify, verifyJson, inspect, listFiles, extractFile, readSlot, attestation, diff, scan, sha256, keyFromFile, revokedFromList } = api(open);
export { sarif } from './sarif.js';

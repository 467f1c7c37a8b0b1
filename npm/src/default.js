// Hosts that let no code fetch or compile an engine: `init(module)` first.
import { api } from './api.js';
import { open } from './sources.js';

export * from './public.js';
export const { verify, verifyJson, inspect, listFiles, extractFile, readSlot, attestation, diff, scan, sha256, keyFromFile, revokedFromList } = api(open);
export { sarif } from './sarif.js';

export { PspfError } from './errors.js';
export { init } from './engine.js';
/** Replaced by the version of package.json when the package is built. */
export const version = PSPF_VERSION;

// The two scripts that this page starts: a browser with Trusted Types takes no other.

const rules = { createScriptURL: (url) => url };
const policy = globalThis.trustedTypes ? trustedTypes.createPolicy('pspf', rules) : rules;

/** The address of the worker whose source this is; release it after use. */
export function workerUrl(source) {
  return policy.createScriptURL(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
}

/** The address of the service worker. */
export const serviceWorkerUrl = policy.createScriptURL('./service-worker.js');

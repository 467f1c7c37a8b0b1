/** The policy of a scan that is given none. */
export const NOTHING_DEMANDED = JSON.stringify({
  version: 1,
  forbid: { setuid: false, symlinksOut: false, deviceNames: false, replacedFiles: false },
});

/** What options there are, and what they must be. */
const KINDS = {
  signal: [(value) => typeof value?.aborted === 'boolean' && typeof value.addEventListener === 'function', 'an AbortSignal'],
  streamLimit: [(value) => Number.isSafeInteger(value) && value >= 0, 'a whole number of bytes'],
  trustedKeys: [(value) => Array.isArray(value) && value.every((key) => typeof key === 'string'), 'an array of fingerprints'],
  revokedKeys: [(value) => Array.isArray(value) && value.every((key) => typeof key === 'string'), 'an array of fingerprints'],
  contents: [(value) => typeof value === 'boolean', 'true or false'],
  contentsLimit: [(value) => Number.isSafeInteger(value) && value >= 0, 'a whole number of bytes'],
  onProgress: [(value) => typeof value === 'function', 'a function'],
  maxWindow: [(value) => Number.isSafeInteger(value) && value > 0, 'a whole number of bytes, at least 1'],
  allowUnverified: [(value) => typeof value === 'boolean', 'true or false'],
};

const SOURCE = ['signal', 'streamLimit', 'onProgress'];

/** What each function takes. An option that nobody reads may have been meant to demand something. */
const TAKEN = {
  verify: [...SOURCE, 'trustedKeys', 'revokedKeys', 'contents', 'contentsLimit'],
  verifyJson: [...SOURCE, 'trustedKeys', 'revokedKeys', 'contents', 'contentsLimit'],
  inspect: [...SOURCE, 'trustedKeys', 'revokedKeys'],
  listFiles: [...SOURCE, 'revokedKeys', 'maxWindow'],
  extractFile: [...SOURCE, 'revokedKeys', 'maxWindow', 'allowUnverified'],
  readSlot: [...SOURCE, 'revokedKeys', 'maxWindow', 'allowUnverified'],
  attestation: SOURCE,
  diff: [...SOURCE, 'revokedKeys', 'maxWindow'],
  scan: [...SOURCE, 'revokedKeys'],
  sha256: SOURCE,
};

/** The options of a function, all of them known to it. One that is `undefined` is as if it were absent: none of them demands anything. */
export function checkedOptions(name, options) {
  if (options === null || typeof options !== 'object' || Array.isArray(options)) throw new TypeError(`the options of ${name} are no object`);
  for (const [key, value] of Object.entries(options)) {
    if (!TAKEN[name].includes(key)) throw new TypeError(`${name} has no option ${key}; it has ${TAKEN[name].join(', ')}`);
    const [fits, expected] = KINDS[key];
    if (value !== undefined && !fits(value)) throw new TypeError(`${key} of ${name} is not ${expected}`);
  }
  return options;
}

/** Nothing of a policy may be lost on the way to its JSON: a demand that is `undefined` would be none. */
function whole(value, place) {
  if (value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value)) return;
  const inner = `${place} of the policy is`;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) whole(value[index], `${place}[${index}]`);
    return;
  }
  const prototype = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  // Objects of another realm are plain, too.
  const plain = prototype === null || (prototype !== undefined && Object.getPrototypeOf(prototype) === null);
  if (!plain || typeof value.toJSON === 'function') {
    throw new TypeError(`${inner} ${value === undefined ? 'undefined; leave the key out where nothing is demanded' : `no value of JSON (${typeof value})`}`);
  }
  for (const key of Reflect.ownKeys(value)) whole(value[key], typeof key === 'string' ? `${place}.${key}`.replace(/^\./, '') : String(key));
}

/** The JSON text of a policy, which may be one. */
export function policyText(policy) {
  if (typeof policy === 'string') return policy;
  if (policy === undefined) throw new TypeError('the policy is undefined; call scan(source) where nothing is demanded, or give one, at least { version: 1 }');
  if (policy === null || typeof policy !== 'object' || Array.isArray(policy)) throw new TypeError('the policy is neither an object nor a JSON text');
  whole(policy, '');
  return JSON.stringify(policy);
}

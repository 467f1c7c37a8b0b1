// Keys that the reader trusts, remembered in this browser only. A browser may refuse storage: then they last until the page closes.

const PLACE = 'pspf.trusted-keys';
const FINGERPRINT = /^[0-9a-f]{64}$/;
const KEYS_MAX = 200;
const NAME_MAX = 80;

let keys = read();
const listeners = new Set();

function read() {
  try {
    const stored = JSON.parse(localStorage.getItem(PLACE) ?? '[]');
    return stored.filter((key) => FINGERPRINT.test(key?.fingerprint)).slice(0, KEYS_MAX)
      .map(({ fingerprint, name }) => ({ fingerprint, name: String(name ?? '').slice(0, NAME_MAX) }));
  } catch {
    return [];
  }
}

function write(next) {
  keys = next;
  try {
    localStorage.setItem(PLACE, JSON.stringify(keys));
  } catch {
    // Private windows and some hosts of saved pages have no storage.
  }
  for (const listener of listeners) listener();
}

/** The trusted keys: `{ fingerprint, name }`. */
export function trustedKeys() {
  return keys;
}

export function isTrusted(fingerprint) {
  return keys.some((key) => key.fingerprint === fingerprint);
}

/** Trusts a key from now on. Throws where the text is not a fingerprint. */
export function trust(fingerprint, name = '') {
  const hex = fingerprint.toLowerCase().replace(/^sha256:/, '').replace(/[\s:]/g, '');
  if (!FINGERPRINT.test(hex)) throw new Error('A fingerprint is 64 hexadecimal digits: the SHA-256 of the public key.');
  if (isTrusted(hex)) return;
  if (keys.length >= KEYS_MAX) throw new Error(`At most ${KEYS_MAX} keys are remembered.`);
  write([...keys, { fingerprint: hex, name: name.slice(0, NAME_MAX) }]);
}

export function distrust(fingerprint) {
  write(keys.filter((key) => key.fingerprint !== fingerprint));
}

/** Calls `listener` after every change. */
export function onTrustChange(listener) {
  listeners.add(listener);
}

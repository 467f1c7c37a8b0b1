// Keys that the reader trusts or has revoked, remembered in this browser only. A browser may refuse storage: then they last until the
// page closes.

const PLACE = 'pspf.trusted-keys';
const REVOKED_PLACE = 'pspf.revoked-keys';
const FINGERPRINT = /^[0-9a-f]{64}$/;
const DAY = /^\d{4}-\d\d-\d\d$/;
const KEYS_MAX = 200;
const REVOKED_MAX = 20_000;
const NAME_MAX = 80;

let keys = read(PLACE, ({ fingerprint, name, expires, since }) => FINGERPRINT.test(fingerprint) && (expires === undefined || DAY.test(expires))
  && { fingerprint, name: String(name ?? '').slice(0, NAME_MAX), expires, since: DAY.test(since) ? since : undefined }).slice(0, KEYS_MAX);
let revoked = read(REVOKED_PLACE, (fingerprint) => FINGERPRINT.test(fingerprint) && fingerprint);
const listeners = new Set();

function read(place, item) {
  try {
    return JSON.parse(localStorage.getItem(place) ?? '[]').map(item).filter(Boolean);
  } catch {
    return [];
  }
}

function write(nextKeys, nextRevoked) {
  keys = nextKeys;
  revoked = nextRevoked;
  try {
    localStorage.setItem(PLACE, JSON.stringify(keys));
    localStorage.setItem(REVOKED_PLACE, JSON.stringify(revoked));
  } catch {
    // Private windows and some hosts of saved pages have no storage.
  }
  for (const listener of listeners) listener();
}

/** The keys that were added, expired ones as well: `{ fingerprint, name, expires?, since? }`, days as `2026-11-30`. */
export function trustedKeys() {
  return keys;
}

/** What is remembered of a key that is trusted now. */
export function keyOf(fingerprint) {
  return isTrusted(fingerprint) ? keys.find((key) => key.fingerprint === fingerprint) : undefined;
}

/** Gives a key another name. */
export function rename(fingerprint, name) {
  write(keys.map((key) => (key.fingerprint === fingerprint ? { ...key, name: name.slice(0, NAME_MAX) } : key)), revoked);
}

/** The fingerprints of revoked keys. */
export function revokedKeys() {
  return revoked;
}

/** Whether the day has come on which a key is not trusted any more. */
export function hasExpired({ expires }, now = Date.now()) {
  // What is no day has come.
  return expires !== undefined && !(now < Date.parse(`${expires}T00:00:00Z`));
}

export function isTrusted(fingerprint) {
  return !revoked.includes(fingerprint) && keys.some((key) => key.fingerprint === fingerprint && !hasExpired(key));
}

/** The digits of a fingerprint that somebody typed or pasted: blanks, colons and `sha256:` do no harm. Throws where it is none. */
export function digits(fingerprint) {
  const hex = fingerprint.toLowerCase().replace(/^sha256:/, '').replace(/[\s:]/g, '');
  if (!FINGERPRINT.test(hex)) throw new Error('A fingerprint is 64 hexadecimal digits: the SHA-256 of the public key.');
  return hex;
}

/** Trusts a key from now on, to the day `expires`. Throws where the text is not a fingerprint, or the key is revoked. */
export function trust(fingerprint, name = '', expires = undefined) {
  const hex = digits(fingerprint);
  if (revoked.includes(hex)) throw new Error('This key is revoked. Take it from the revoked keys first if it is to be trusted again.');
  const others = keys.filter((key) => key.fingerprint !== hex);
  if (others.length >= KEYS_MAX) throw new Error(`At most ${KEYS_MAX} keys are remembered.`);
  write([...others, { fingerprint: hex, name: name.slice(0, NAME_MAX), expires, since: new Date().toISOString().slice(0, 10) }], revoked);
}

export function distrust(fingerprint) {
  write(keys.filter((key) => key.fingerprint !== fingerprint), revoked);
}

/** Revokes keys: nothing that they signed is taken, whoever trusts them. Throws where a text is not a fingerprint. */
export function revoke(...fingerprints) {
  const next = [...new Set([...revoked, ...fingerprints.map(digits)])];
  if (next.length > REVOKED_MAX) throw new Error(`At most ${REVOKED_MAX} revoked keys are remembered.`);
  write(keys, next);
}

/** Takes a key from the revoked ones. */
export function restore(fingerprint) {
  write(keys, revoked.filter((key) => key !== fingerprint));
}

/** Calls `listener` after every change. */
export function onTrustChange(listener) {
  listeners.add(listener);
}

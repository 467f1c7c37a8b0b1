// One file that was opened, and what is known of it so far.

import { call } from './engine.js';
import { isTrusted, revokedKeys, trustedKeys } from './trusted-keys.js';

/** Contents are looked through without being asked for up to this sum of unpacked sizes, in bytes. */
const LOOKED_MAX = 512 * 1024 * 1024;

/** A file that is read in steps. `onchange(item, what)` is told of each. */
export class PackageItem {
  constructor(file, { sample = null, onchange }) {
    this.file = file;
    this.sample = sample;
    this.onchange = onchange;
    /** `reading`, `verifying`, `done`, `cancelled` or `failed`. */
    this.phase = 'reading';
    /** Entries of archives by slot, and why others were refused. */
    this.listings = new Map();
    this.refused = new Map();
    /** Ends every call that belongs to this item. */
    this.closed = new AbortController();
    this.progress = { done: 0, total: file.size };
  }

  /** The report that there is: of all, else of the head. */
  get report() {
    return this.full ?? this.inspection?.report;
  }

  get keys() {
    const own = this.sample?.trustedKey;
    const keys = trustedKeys().filter((key) => isTrusted(key.fingerprint)).map((key) => key.fingerprint);
    return own ? [own, ...keys] : keys;
  }

  /** The parts that are not what was signed: `[{ name, bytes, range, expected, found }]`. */
  differing() {
    const { findings = [], slots = [] } = this.report ?? {};
    return findings.filter(({ severity, expected }) => severity === 'error' && expected !== undefined).map(({ part, range, expected, found }) => {
      const slot = slots.find((other) => range && other.range.start === range.start && other.range.end === range.end);
      return { name: slot?.id ?? part, bytes: range ? range.end - range.start : 0, range, expected, found };
    });
  }

  /** Goes through all steps. A later run ends this one, and nothing of it counts any more. */
  async run() {
    this.stop?.abort();
    const stop = new AbortController();
    this.stop = stop;
    this.full = this.error = undefined;
    const signal = AbortSignal.any([stop.signal, this.closed.signal]);
    const args = { file: this.file, trustedKeys: this.keys, revokedKeys: revokedKeys() };
    const counts = () => this.stop === stop && !this.closed.signal.aborted;
    this.progress = { done: 0, total: this.file.size };
    try {
      this.step('reading');
      const inspection = await call('inspect', args, { signal });
      if (!counts()) return;
      this.inspection = inspection;
      this.step('verifying');
      const text = await call('verifyJson', { ...args, contentsLimit: LOOKED_MAX }, { signal, onProgress: (done, total) => {
        if (!counts()) return;
        this.progress = { done, total };
        this.onchange(this, 'progress');
      } });
      if (!counts()) return;
      this.full = JSON.parse(text);
      this.json = text;
      this.step('done');
      await this.describe(signal).catch(() => {});
      if (!counts()) return;
      this.onchange(this, 'described');
      await this.digest(signal).catch(() => {});
      if (counts()) this.onchange(this, 'facts');
    } catch (error) {
      if (!counts()) return;
      this.error = error;
      this.step(signal.aborted ? 'cancelled' : 'failed');
    }
  }

  /** What is shown beside the verdict, once: the attestation and the names in the archives. */
  async describe(signal) {
    if (this.described || this.full.verdict.word === 'not_package') return;
    const { slots } = this.full;
    this.attestation = await call('attestation', { file: this.file }, { signal }).catch(() => null);
    // What was too much to be looked through is too much to be listed.
    if (this.full.contents.looked !== 'over_limit') {
      for (const { index } of slots.filter(({ archive }) => archive)) await this.list(index, signal);
    }
    signal.throwIfAborted();
    this.described = true;
  }

  async list(slot, signal) {
    const entries = [];
    try {
      await call('listFiles', { file: this.file, slot }, { signal, onItems: (more) => { for (const entry of more) entries.push(entry); } });
    } catch (error) {
      signal.throwIfAborted();
      this.refused.set(slot, error.message);
    }
    this.listings.set(slot, entries);
  }

  async digest(signal) {
    this.sha256 ??= await call('sha256', { file: this.file }, { signal });
  }

  cancel() {
    this.stop?.abort();
  }

  close() {
    this.closed.abort();
  }

  step(phase) {
    this.phase = phase;
    this.onchange(this, 'phase');
  }
}

// One file that was opened, and what is known of it so far.

import { isArchive } from './contents.js';
import { call } from './engine.js';
import { isTrusted, revokedKeys, trustedKeys } from './trusted-keys.js';

/** Archives are listed without being asked for up to this sum of unpacked sizes, in bytes. */
const LISTED_MAX = 256 * 1024 * 1024;

/** What the contents are held against: the engine's defaults, for whoever signed, or nobody. */
const POLICY = { version: 1, trust: { allowUnsigned: true } };

/** A file that is read in steps: head, then all bytes, then the names in its archives. `onchange(item, what)` is told of each. */
export class PackageItem {
  constructor(file, { sample = null, onchange }) {
    this.file = file;
    this.sample = sample;
    this.onchange = onchange;
    /** `reading`, `verifying`, `listing`, `done`, `cancelled` or `failed`. */
    this.phase = 'reading';
    /** Findings on what is in the slots; `null` where they were not opened. */
    this.content = null;
    /** Entries of archives that were looked at; `null` where none were. */
    this.entries = null;
    /** Ends every call that belongs to this item. */
    this.closed = new AbortController();
    this.progress = { done: 0, total: file.size };
  }

  /** The report that there is: of all bytes, else of the head. */
  get report() {
    return this.full ?? this.inspection?.report;
  }

  /** Findings on the contents that make them hostile. */
  get hostile() {
    return (this.content ?? []).filter((finding) => finding.severity === 'error');
  }

  get keys() {
    const own = this.sample?.trustedKey;
    const keys = trustedKeys().filter((key) => isTrusted(key.fingerprint)).map((key) => key.fingerprint);
    return own ? [own, ...keys] : keys;
  }

  /** Goes through all steps. A later run ends this one, and nothing of it counts any more. */
  async run() {
    this.stop?.abort();
    const stop = new AbortController();
    this.stop = stop;
    this.full = undefined;
    this.content = this.entries = null;
    const signal = AbortSignal.any([stop.signal, this.closed.signal]);
    const args = { file: this.file, trustedKeys: this.keys, revokedKeys: revokedKeys() };
    const counts = () => this.stop === stop && !this.closed.signal.aborted;
    try {
      this.step('reading');
      this.inspection = await call('inspect', args, { signal });
      this.step('verifying');
      const full = await call('verify', args, { signal, onProgress: (done, total) => {
        if (!counts()) return;
        this.progress = { done, total };
        this.onchange(this, 'progress');
      } });
      if (!counts()) return;
      this.full = full;
      if (full.state !== 'broken') {
        this.step('listing');
        const found = await this.look(full, signal);
        if (!counts()) return;
        Object.assign(this, found);
      }
      this.step('done');
    } catch (error) {
      if (!counts()) return;
      this.error = error;
      this.step(signal.aborted ? 'cancelled' : 'failed');
    }
  }

  /** Reads the attestation, and looks through the archives of a package that is not too large for that. */
  async look(report, signal) {
    const attestation = await call('attestation', { file: this.file }, { signal }).catch(() => null);
    const archives = report.slots.filter(isArchive);
    const sum = archives.reduce((bytes, slot) => bytes + slot.original_size_hint, 0);
    if (sum > LISTED_MAX) return { attestation };
    try {
      const { findings, counts } = await call('scan', { file: this.file, policy: POLICY }, { signal });
      const known = new Set(report.findings.map((finding) => finding.code));
      return { attestation, content: findings.filter((finding) => !known.has(finding.code)), entries: archives.length > 0 ? counts.entries : null };
    } catch (error) {
      // What was proved of the bytes holds, whatever becomes of this.
      const message = signal.aborted ? 'the names in the archives were not checked' : error.message;
      return { attestation, content: [{ code: error.code ?? 'contents', severity: 'warning', part: 'contents', message }] };
    }
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

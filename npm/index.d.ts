/**
 * Verify, inspect, list, compare and scan PSPF/2025 packages (`.psp`). Nothing in a package is ever run.
 *
 * Sizes, offsets and counts are in bytes unless said otherwise, and plain numbers: a file of more than 2^53 bytes is refused.
 */

/**
 * Where a package's bytes come from.
 *
 * - a path (Node only) or a `URL`: `http:` and `https:` are read by HTTP Range; `file:` in Node only
 * - bytes in memory (`Buffer` is a `Uint8Array`)
 * - a `Blob` or `File`: read by slices, never as a whole
 * - a `ReadableStream`: a package is read from its end, so a stream is kept first, at most `StreamOptions.streamLimit` bytes of it:
 *   in memory, in Node in a temporary file without a name
 */
export type Source = string | URL | Uint8Array | ArrayBuffer | Blob | ReadableStream<Uint8Array>;

export interface SourceOptions {
  /** Ends the work; it rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Most bytes kept of a `ReadableStream`. Default: 256 MiB in memory, 4 GiB in Node's temporary file. */
  streamLimit?: number;
}

export interface TrustOptions extends RevocationOptions {
  /** Fingerprints of keys to trust: 64 hexadecimal digits each, `sha256:` in front allowed. */
  trustedKeys?: readonly string[];
}

export interface RevocationOptions {
  /** Fingerprints of revoked keys, as `revokedFromList` reads them: nothing that they signed is `ok` or proved, whoever trusts them. */
  revokedKeys?: readonly string[];
}

export interface ProgressOptions {
  /** Hears of bytes done and bytes in all, after each read. */
  onProgress?: (done: number, total: number) => void;
}

export interface DecodeOptions extends RevocationOptions {
  /** Largest Zstandard window or xz dictionary. Decoding takes up to three times as much memory. Default 64 MiB, at most 128 MiB. */
  maxWindow?: number;
}

/** `start` is in the range, `end` is not. */
export interface ByteRange {
  start: number;
  end: number;
}

/** What is proved of the bytes; says nothing of who signed them. From weak to strong. */
export type Integrity = 'broken' | 'partial' | 'intact' | 'bound' | 'sealed';
/** Who made the signature, as far as the caller's keys tell. */
export type Trust = 'unsigned' | 'unknown_key' | 'pinned' | 'in_store' | 'revoked';
export type Severity = 'error' | 'warning' | 'info';
/** `failed`: these are not the bytes that should be there. */
export type Protection = 'authenticated' | 'checked' | 'unprotected' | 'failed';

export interface Finding {
  /** Stable (docs/findings.md). */
  code: string;
  severity: Severity;
  /** Such as `trailer`, `index.flags`, `metadata`, `slot 2`, `launcher`, `padding`. */
  part: string;
  range?: ByteRange;
  /** The file in the slot, where it is about one. */
  path?: string;
  /** The SHA-256 that is signed, where another was found. */
  expected?: string;
  found?: string;
  message: string;
}

/** The verdict in one word. `trusted` is the only good news, and only where the verdict is `finished`. */
export type Word =
  | 'not_package'
  | 'changed'
  | 'damaged'
  | 'revoked'
  | 'unsafe'
  | 'unfinished'
  | 'unsigned'
  | 'in_part'
  | 'unknown'
  | 'trusted';

/** How far a stage of the verification came. */
export type Stage = 'done' | 'failed' | 'missing' | 'unknown' | 'not_reached' | 'not_asked' | 'over_limit' | 'unfinished';

export interface Statement {
  /** Stable. */
  key: string;
  text: string;
}

/** What a report comes to, found by the core: the same in the command, here and on the page. */
export interface Verdict {
  word: Word;
  /** Key of the sentence that says why; stable. */
  sentence: string;
  /** That sentence. */
  text: string;
  /** Fingerprint of the key that vouches for what is proved; absent where nobody does. */
  who?: string;
  /** Whether all stages came to their end, or an earlier one decides. */
  finished: boolean;
  stages: { signature: Stage; bytes: Stage; contents: Stage; signer: Stage };
  proved: Statement[];
  open: Statement[];
}

/** What is in the slots. */
export interface ContentsReport {
  /** `refused`: a start refuses it, so the package is not `ok`. */
  looked: 'not_asked' | 'unfinished' | 'over_limit' | 'accepted' | 'refused';
  /** Files, directories and links in archives, as far as was read. */
  entries: number;
  /** Decoded bytes, as far as was read. */
  unpacked: number;
}

/** One stretch of the file; all of them together cover it once. */
export interface Coverage {
  range: ByteRange;
  part: string;
  class: Protection;
  reason: string;
}

export interface Slot {
  index: number;
  id: string;
  target: string;
  range: ByteRange;
  /** As the slot's descriptor claims it. */
  original_size_hint: number;
  operations: string;
  /** The operations make an archive: `listFiles` lists it. */
  archive: boolean;
  /** How it is stored, in words. */
  stored_as: string;
  purpose: string;
  lifecycle: string;
  /** When it is unpacked, and how long it stays, in words. */
  kept: string;
  /** Unix mode, octal. */
  permissions: string;
  /** SHA-256 of the stored bytes as computed; absent where they were not read. */
  sha256?: string;
}

export interface Signer {
  fingerprint: string;
  public_key: string;
  signature_valid: boolean;
}

export interface PackageFacts {
  name: string;
  version: string;
  builder: string;
  launcher_size: number;
  metadata_size: number;
}

export interface Limits {
  metadata_json_max: number;
  metadata_stored_max: number;
  slot_count_max: number;
}

/** The report of the core: the same JSON as of `flavor verify --json`. */
export interface Report {
  schema: number;
  /** Bound or sealed, wholly read, signed by a key that is not revoked, and nothing in its contents is refused. A package that is only intact can have another launcher than its signer's: it is not `ok`. Trust is a separate question. */
  ok: boolean;
  verdict: Verdict;
  state: Integrity;
  trust: Trust;
  size: number;
  signer?: Signer;
  package?: PackageFacts;
  contents: ContentsReport;
  slots: Slot[];
  findings: Finding[];
  coverage: Coverage[];
  limits: Limits;
}

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export interface Launcher {
  size: number;
  /** By its first bytes, which `inspect` does not verify. */
  format: 'elf' | 'pe' | 'macho' | 'script' | 'unknown';
  /** Such as `x86_64`, `aarch64`; `universal` for a Mach-O of several. */
  arch: string;
}

/** One line on what happens when a package is started: our words, and what the package says, which is hostile text. */
export interface StartLine {
  topic: 'command' | 'placeholder' | 'environment' | 'caution' | 'setup' | 'folder';
  pieces: ({ words: string } | { said: string })[];
}

export interface Inspection {
  /** Trailer, metadata and slot table are consistent and validly signed. The content was not read: see `verify`. */
  authenticated: boolean;
  /** The metadata, unknown keys included; proved only where `authenticated`. `null` where they cannot be read. */
  metadata: JsonObject | null;
  launcher: Launcher | null;
  /** What happens when it is started. */
  starts: StartLine[];
  /** Never `ok`: its state is `partial` or `broken`. Signer, slots and findings are in it. */
  report: Report;
}

export interface FileEntry {
  path: string;
  type: 'file' | 'directory' | 'symlink' | 'hardlink';
  size: number;
  /** Unix mode with setuid, setgid and sticky. */
  mode: number;
  /** Seconds since 1970-01-01 UTC. */
  mtime: number;
  /** Of links. */
  target?: string;
  /** Of files: SHA-256 of the content. */
  sha256?: string;
  /** The path or link target is not UTF-8; what is shown has replacement characters. */
  lossy?: true;
}

export interface Attestation {
  sbom: Json;
  provenance: Json;
  /** Whether the slot's digest is as signed. */
  authenticated: boolean;
}

export interface Change {
  /** Such as `execution.command` or `slots[2].size`. */
  path: string;
  /** Absent where it was added. */
  before?: Json;
  /** Absent where it was removed. */
  after?: Json;
}

export interface FileChange {
  path: string;
  change: 'added' | 'removed' | 'changed';
  before?: FileEntry;
  after?: FileEntry;
}

export interface SlotChange {
  id: string;
  change: 'added' | 'removed' | 'changed';
  before?: Slot;
  after?: Slot;
  /** Where both are archives; `null` where the content was not compared file by file. */
  files: FileChange[] | null;
  /** Why files were not compared. */
  reason?: string;
}

/** What `flavor diff --json` says, without the verdicts and without digests of whole slots, for which all would have to be read. */
export interface Difference {
  /** Metadata, slot table and all slots are the same. */
  identical: boolean;
  signer: { before: string | null; after: string | null; changed: boolean };
  metadata: Change[];
  /** In the order of their identifiers; files in that of their paths. */
  slots: SlotChange[];
}

/** What a registry demands (npm/README.md, "Policy"). Unknown keys are refused. */
export interface Policy {
  version: 1;
  trust?: {
    /** Fingerprints; where given, packages of other signers are refused. */
    fingerprints?: string[];
    /** Least of what must be proved. Default `bound`; `intact` with `allowUnsigned`. */
    minimum?: 'intact' | 'bound' | 'sealed';
    /** Accept packages without a valid signature. Default false. */
    allowUnsigned?: boolean;
  };
  launcher?: {
    /** SHA-256 digests of launchers; where given, others are refused. */
    digests?: string[];
  };
  /** What is forbidden in slots. Everything is forbidden by default except `worldWritable` and `sameNames`. */
  forbid?: {
    setuid?: boolean;
    worldWritable?: boolean;
    symlinksOut?: boolean;
    unknownOperations?: boolean;
    deviceNames?: boolean;
    /** A file of one slot in place of another's. */
    replacedFiles?: boolean;
    /** Paths that are one file where case is folded or Unicode normalised. */
    sameNames?: boolean;
  };
  limits?: {
    /** Bytes of the file. */
    packageSize?: number;
    /** Files, directories and links in all slots together. */
    entries?: number;
    /** Decoded bytes of all slots together. */
    unpackedSize?: number;
    /** Decoded bytes per stored byte of one slot. */
    ratio?: number;
    /** Bytes of the largest compression window. */
    window?: number;
  };
  sbom?: {
    required?: boolean;
    /** SPDX identifiers or expressions, `*` as wildcard; each that matches is refused. */
    denyLicences?: string[];
    /** Package URLs (`pkg:TYPE/NAME`), `*` as wildcard. */
    denyPurls?: string[];
  };
  /** Codes whose findings do not reject, and codes whose warnings do. Codes of the verification can only be given more weight. */
  severity?: { [code: string]: 'error' | 'warning' | 'info' };
}

export type ScanFinding = Finding;

export interface ScanResult {
  schema: 1;
  verdict: 'accept' | 'reject';
  /** Of the policy and of the content; those of the verification are in `report` and, where they are errors, here too. */
  findings: ScanFinding[];
  counts: { entries: number; unpacked: number };
  launcher_sha256: string | null;
  /** The full report; its `coverage` is the coverage map. */
  report: Report;
}

export interface PublicKey {
  fingerprint: string;
  public_key: string;
  /** `# Name: …` in front of the key; empty where the file has none. */
  name: string;
  /** `# Expires: 2027-01-31` in front of the key: the first day, in UTC, on which it is no longer trusted. */
  expires?: string;
}

export type ErrorCode = string;

/** Every failure of this package. A bad package is not one: `verify`, `inspect` and `scan` report it. */
export class PspfError extends Error {
  readonly name: 'PspfError';
  /** Stable (npm/README.md, "Errors"). */
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown });
}

/** Where the engine comes from; needed only where it cannot be fetched or read from beside the script. Calling it again does nothing. */
export type Engine =
  | WebAssembly.Module
  | Uint8Array
  | ArrayBuffer
  | Response
  | URL
  | PromiseLike<WebAssembly.Module | Uint8Array | ArrayBuffer | Response>;
export function init(engine?: Engine): Promise<void>;

/** Reads the head of a package: under 100 KB whatever the file's size, except of very large metadata. */
export function inspect(source: Source, options?: SourceOptions & TrustOptions & ProgressOptions): Promise<Inspection>;

export interface ContentsOptions {
  /** Look through the slots, too: whether they decode, and where names, modes and links would lead. Default true. */
  contents?: boolean;
  /** Most decoded bytes that are looked at; of more the verdict says that they were not. Default: no limit but those of a first start. */
  contentsLimit?: number;
}

/** Reads every byte, then what is in the slots. */
export function verify(source: Source, options?: SourceOptions & TrustOptions & ProgressOptions & ContentsOptions): Promise<Report>;

/** As `verify`, as the text that the core wrote: numbers over 2^53 in hostile files stay exact. */
export function verifyJson(source: Source, options?: SourceOptions & TrustOptions & ProgressOptions & ContentsOptions): Promise<string>;

/**
 * The entries of a slot that is an archive, in its order, while it is read. What was given is known to be right only when the
 * iteration ends without an error: at the end the slot's digest is compared with the signed one.
 */
export function listFiles(source: Source, slot: number, options?: SourceOptions & DecodeOptions & ProgressOptions): AsyncIterableIterator<FileEntry>;

export interface ExtractOptions extends SourceOptions, DecodeOptions, ProgressOptions {
  /** Read from a package whose head is not validly signed, too. Default false. */
  allowUnverified?: boolean;
}

/**
 * The content of one file of a slot. The whole slot is read, and its digest compared at the end: use the content only when the
 * stream has ended without an error.
 */
export function extractFile(source: Source, slot: number, path: string, options?: ExtractOptions): ReadableStream<Uint8Array>;

/** The decoded content of a slot (an archive comes as an archive), with the same rule as `extractFile`. */
export function readSlot(source: Source, slot: number, options?: ExtractOptions): ReadableStream<Uint8Array>;

/** The SBOM and the provenance that the package carries; `null` where it has none. */
export function attestation(source: Source, options?: SourceOptions & ProgressOptions): Promise<Attestation | null>;

/** Compares two packages. Neither is verified; slots with the same digest are not read. */
export function diff(before: Source, after: Source, options?: SourceOptions & DecodeOptions & ProgressOptions): Promise<Difference>;

/**
 * Verifies, lists every slot and applies the policy, an object or its JSON text (without one: bound, signed by anyone, nothing forbidden
 * in it). A policy that is or holds `undefined` is a `TypeError`: it was meant to demand something.
 */
export function scan(source: Source, policy?: Policy | string, options?: SourceOptions & ProgressOptions & RevocationOptions): Promise<ScanResult>;

/** A file that was scanned, or why it could not be read. User and password of a URL are left out of the SARIF. */
export type Scanned = { file: string; result: ScanResult } | { file: string; error: { code: string; message: string } };

/** SARIF 2.1.0 of scan results, one result for each finding and for each file that could not be read. */
export function sarif(results: readonly Scanned[]): JsonObject;

/** The SHA-256 of the whole file, 64 hexadecimal digits: a name for it, no verdict on it. */
export function sha256(source: Source, options?: SourceOptions & ProgressOptions): Promise<string>;

/** Reads a public key file (PEM), such as a person drops to trust it. One that may say when the trust ends, in words that are not understood, is refused. */
export function keyFromFile(file: Uint8Array): Promise<PublicKey>;

/** The fingerprints in a list of revoked keys (one a line, then a reason; `#` begins a comment). A list with a line that is not understood is refused. */
export function revokedFromList(list: Uint8Array): Promise<string[]>;

/** Of this package. */
export const version: string;

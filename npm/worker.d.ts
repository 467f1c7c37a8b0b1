import type * as pspf from './index.js';
import type {
  Attestation, DecodeOptions, Difference, ExtractOptions, FileEntry, Inspection, Policy, ProgressOptions, PublicKey, Report, ScanResult,
  SourceOptions, TrustOptions,
} from './index.js';

/**
 * What can be handed to a worker. Bytes are copied, so leave them as they are while a call runs; a `Blob` or `File` is not. In Node a text is a path; a `Blob` of
 * `openAsBlob` cannot be handed to a thread.
 */
export type WorkerSource = Blob | URL | Uint8Array | ArrayBuffer | string;

export interface ListOptions extends SourceOptions, DecodeOptions, ProgressOptions {
  /** Hears of entries as they are found; they are known to be right only when the call has ended without an error. */
  onEntries?: (entries: FileEntry[]) => void;
}

/** The functions of the package; lists and contents come whole, when they are known to be right. */
export interface PspfWorker {
  inspect(source: WorkerSource, options?: SourceOptions & TrustOptions & ProgressOptions): Promise<Inspection>;
  verify(source: WorkerSource, options?: SourceOptions & TrustOptions & ProgressOptions): Promise<Report>;
  verifyJson(source: WorkerSource, options?: SourceOptions & TrustOptions & ProgressOptions): Promise<string>;
  attestation(source: WorkerSource, options?: SourceOptions & ProgressOptions): Promise<Attestation | null>;
  sha256(source: WorkerSource, options?: SourceOptions & ProgressOptions): Promise<string>;
  diff(before: WorkerSource, after: WorkerSource, options?: SourceOptions & DecodeOptions & ProgressOptions): Promise<Difference>;
  scan(source: WorkerSource, policy?: Policy | string, options?: SourceOptions & ProgressOptions): Promise<ScanResult>;
  listFiles(source: WorkerSource, slot: number, options?: ListOptions): Promise<FileEntry[]>;
  extractFile(source: WorkerSource, slot: number, path: string, options?: ExtractOptions): Promise<Blob>;
  readSlot(source: WorkerSource, slot: number, options?: ExtractOptions): Promise<Blob>;
  keyFromFile(file: Uint8Array): Promise<PublicKey>;
  revokedFromList(list: Uint8Array): Promise<string[]>;
  /** Ends the workers; what they were doing rejects with `worker.terminated`, and so does what is called later. */
  terminate(): void;
  [Symbol.dispose](): void;
}

/** What `serve` needs of a worker's global scope, or of Node's `parentPort`. */
export interface WorkerPort {
  onmessage: ((event: any) => unknown) | null;
  postMessage(message: any): void;
}

export interface SpawnOptions<Made> {
  /** Needed only where the worker cannot read `pspf.wasm` from beside itself. It is compiled once for all workers. */
  engine?: WebAssembly.Module | Uint8Array | ArrayBuffer | PromiseLike<WebAssembly.Module | Uint8Array | ArrayBuffer>;
  /** Workers, each started when it is needed. Default 1. */
  threads?: number;
  /** Makes a worker whose script calls `serve`. Default: the package's own script, beside this one. */
  worker?: () => Made;
}

/**
 * Work in web workers (browsers) or in threads (Node). A cancelled call rejects at once, and has ended within a second: a worker that
 * does not stop is replaced, and what else it was doing begins again.
 */
export function spawn<Made = any>(options?: SpawnOptions<Made>): PspfWorker;

/** Makes a worker out of the script that calls it, for hosts in which the package's own worker script has no place (one-file pages). */
export function serve(functions: Partial<typeof pspf>, port?: WorkerPort): void;

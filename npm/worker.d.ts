import type {
  Attestation, DecodeOptions, Difference, ExtractOptions, FileEntry, Inspection, Policy, ProgressOptions, Report, ScanResult,
  SourceOptions, TrustOptions,
} from './index.js';

/** What can be handed to a worker. Bytes are copied; a `Blob` or `File` is not. */
export type WorkerSource = Blob | Uint8Array | ArrayBuffer;

/** The functions of the package; lists and contents come whole, when they are known to be right. */
export interface PspfWorker {
  inspect(source: WorkerSource, options?: SourceOptions & TrustOptions & ProgressOptions): Promise<Inspection>;
  verify(source: WorkerSource, options?: SourceOptions & TrustOptions & ProgressOptions): Promise<Report>;
  verifyJson(source: WorkerSource, options?: SourceOptions & TrustOptions & ProgressOptions): Promise<string>;
  attestation(source: WorkerSource, options?: SourceOptions & ProgressOptions): Promise<Attestation | null>;
  sha256(source: WorkerSource, options?: SourceOptions & ProgressOptions): Promise<string>;
  diff(before: WorkerSource, after: WorkerSource, options?: SourceOptions & DecodeOptions & ProgressOptions): Promise<Difference>;
  scan(source: WorkerSource, policy?: Policy | string, options?: SourceOptions & ProgressOptions): Promise<ScanResult>;
  listFiles(source: WorkerSource, slot: number, options?: SourceOptions & DecodeOptions & ProgressOptions): Promise<FileEntry[]>;
  extractFile(source: WorkerSource, slot: number, path: string, options?: ExtractOptions): Promise<Blob>;
  readSlot(source: WorkerSource, slot: number, options?: ExtractOptions): Promise<Blob>;
  /** Ends the worker; what it was doing rejects with `worker.terminated`. */
  terminate(): void;
}

/** Starts a web worker (browsers). `engine` is needed only where the worker cannot fetch `pspf.wasm` from beside itself. */
export function spawn(options?: { engine?: WebAssembly.Module }): PspfWorker;

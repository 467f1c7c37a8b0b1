/** Every failure of this package; `code` is stable. */
export class PspfError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.name = 'PspfError';
    this.code = code;
  }
}

/** What the engine throws is an `EngineFailure` with code and message; a trap is a fault of the engine. */
export function fromEngine(thrown) {
  if (thrown?.name === 'EngineFailure') return new PspfError(thrown.code, thrown.message);
  if (thrown instanceof WebAssembly.RuntimeError) {
    return new PspfError('engine.trap', `the engine stopped (${thrown.message}); start a new process or worker`, { cause: thrown });
  }
  return thrown;
}

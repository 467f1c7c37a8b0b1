import { compared } from './diff.js';
import { engine } from './engine.js';
import { PspfError, fromEngine } from './errors.js';
import { NOTHING_DEMANDED, checkedOptions, policyText } from './options.js';
import { run, steps } from './run.js';

/** A source that is open already, for more than one task. */
class Opened {
  constructor(reader) {
    this.reader = reader;
  }
}

/** How many decoded bytes are looked at: all, none (negative), or as many as the caller says. */
const unpackedMost = ({ contents = true, contentsLimit = Infinity }) => (contents ? contentsLimit : -1);

/** The functions of the package, over a host's way to open sources. */
export function api(open) {
  /** Opens, drives what `make` begins, closes; yields what comes on the way. */
  async function* driven(source, options, make) {
    const { EngineTask } = await engine();
    options.signal?.throwIfAborted();
    const reader = source instanceof Opened ? source.reader : await open(source, options);
    try {
      return yield* steps(make(EngineTask, reader.size), reader, options);
    } catch (error) {
      throw fromEngine(error);
    } finally {
      if (!(source instanceof Opened)) await reader.close();
    }
  }

  const one = (source, options, make) => run(driven(source, options, make));
  const keys = (options) => [...(options.trustedKeys ?? [])];
  const revoked = (options) => [...(options.revokedKeys ?? [])];

  function slotTask(slot, what, path, { maxWindow = 0, allowUnverified = false, revokedKeys }) {
    if (!Number.isInteger(slot) || slot < 0) throw new PspfError('slot.missing', `${slot} is not a slot number`);
    return (task, size) => task.slot(size, slot, what, path, maxWindow, allowUnverified, revoked({ revokedKeys }));
  }

  const read = (source, options) =>
    one(source, options, (task, size) => task.verify(size, keys(options), revoked(options), unpackedMost(options)));
  const verifyJson = async (source, options = {}) => read(source, checkedOptions('verifyJson', options));
  const verify = async (source, options = {}) => JSON.parse(await read(source, checkedOptions('verify', options)));

  const look = async (source, options) =>
    JSON.parse(await one(source, options, (task, size) => task.inspect(size, keys(options), revoked(options))));
  const inspect = async (source, options = {}) => look(source, checkedOptions('inspect', options));

  async function* list(source, slot, options) {
    const parts = driven(source, { ...options, pieces: true }, slotTask(slot, 'list', '', options));
    for await (const part of parts) {
      if (part) yield* JSON.parse(part);
    }
  }

  async function* listFiles(source, slot, options = {}) {
    yield* list(source, slot, checkedOptions('listFiles', options));
  }

  /** A stream of what a slot gives; the next stored bytes are read when the receiver wants more. */
  function content(source, slot, what, path, options) {
    const make = slotTask(slot, what, path, options);
    let parts;
    return new ReadableStream({
      start(controller) {
        const decode = (piece) => controller.enqueue(piece);
        parts = driven(source, { ...options, pieces: true, decode }, make);
      },
      async pull(controller) {
        const before = controller.desiredSize;
        try {
          while (controller.desiredSize === before) {
            if ((await parts.next()).done) {
              controller.close();
              return;
            }
          }
        } catch (error) {
          controller.error(error);
        }
      },
      async cancel() {
        await parts.return();
      },
    });
  }

  const extractFile = (source, slot, path, options = {}) => content(source, slot, 'file', path, checkedOptions('extractFile', options));
  const readSlot = (source, slot, options = {}) => content(source, slot, 'bytes', '', checkedOptions('readSlot', options));

  const attestation = async (source, options = {}) =>
    JSON.parse(await one(source, checkedOptions('attestation', options), slotTask(0, 'attestation', '', {})));

  async function diff(before, after, options = {}) {
    checkedOptions('diff', options);
    const readers = [];
    try {
      for (const source of [before, after]) readers.push(new Opened(await open(source, options)));
      return await compared(...readers, options, { inspect: look, listFiles: list });
    } finally {
      for (const { reader } of readers) await reader.close();
    }
  }

  const scan = async (source, ...words) => {
    const [policy, options = {}] = words;
    // A policy that is `undefined` was meant to be one.
    const text = words.length === 0 ? NOTHING_DEMANDED : policyText(policy);
    checkedOptions('scan', options);
    return JSON.parse(await one(source, { ...options, pieces: true }, (task, size) => task.scan(size, text, revoked(options))));
  };

  const sha256 = async (source, options = {}) => JSON.parse(await one(source, checkedOptions('sha256', options), (task, size) => task.digest(size)));

  async function keyFromFile(file) {
    try {
      return JSON.parse((await engine()).keyFromFile(file));
    } catch (error) {
      throw fromEngine(error);
    }
  }

  async function revokedFromList(list) {
    try {
      return JSON.parse((await engine()).revokedFromList(list));
    } catch (error) {
      throw fromEngine(error);
    }
  }

  return { verify, verifyJson, inspect, listFiles, extractFile, readSlot, attestation, diff, scan, sha256, keyFromFile, revokedFromList };
}

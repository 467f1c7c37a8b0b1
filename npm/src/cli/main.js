#!/usr/bin/env node
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { PspfError } from '../errors.js';
import { revokedFromList, sarif, scan, version } from '../node.js';
import { shownName } from '../url.js';
import { HELP, UsageError, read } from './arguments.js';
import { expand } from './files.js';
import { human, summary } from './human.js';
import { pool } from './pool.js';
import { printable, progressLine, styles } from './terminal.js';

const EXIT = { accepted: 0, refused: 1, usage: 2, unreadable: 3, onlyIntact: 4 };
/** Codes of errors that are the caller's, not the file's. */
const CALLER = new Set(['policy.invalid', 'key.fingerprint', 'slot.missing']);
/** Bytes of a policy file or a list of revoked keys. */
const FILE_MAX = 1 << 20;

/** What `read` makes of the bytes of a file; one that is not understood is a mistake of the command line. */
async function settings(path, read) {
  if (path === undefined) return undefined;
  let file;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const facts = fstatSync(file);
    if (!facts.isFile()) throw new Error('this is not a file');
    if (facts.size > FILE_MAX) throw new Error(`at most ${FILE_MAX} bytes are read, this has ${facts.size}`);
    return await read(readFileSync(file));
  } catch (error) {
    throw new UsageError(`${path}: ${error.message}`);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** The text of a policy that holds: the engine reads it, which takes no key twice. */
async function policy(bytes) {
  const text = bytes.toString('utf8');
  await scan(new Uint8Array(0), text);
  return text;
}

function exitOf({ accepted, onlyIntact, error }) {
  if (error) return CALLER.has(error.code) ? EXIT.usage : EXIT.unreadable;
  if (accepted) return EXIT.accepted;
  return onlyIntact ? EXIT.onlyIntact : EXIT.refused;
}

function document(file, { accepted, error, json }) {
  const head = `{"file":${JSON.stringify(file)},"accepted":${Boolean(accepted)},`;
  return error ? `${head}"ok":false,"errors":[${JSON.stringify(error)}]}` : head + json.slice(1);
}

/** Whether whoever read the answer has gone; the work goes on, for the exit code. */
let unheard = false;

function say(text) {
  if (!unheard) process.stdout.write(`${text}\n`);
}

async function main() {
  const options = read(process.argv.slice(2));
  if (options.help || options.version) {
    say(options.help ? HELP.trimEnd() : version);
    return EXIT.accepted;
  }
  const files = expand(options.files);
  const names = files.map(shownName);
  const shared = { command: options.command, keys: options.key, policy: await settings(options.policy, policy), revoked: await settings(options.revoked, revokedFromList), slot: options.slot };
  const jobs = files.map((file) => ({ ...shared, file }));
  const style = styles(process.stdout);
  const line = progressLine(process.stderr);
  const results = [];
  let told = 0;
  // In the order of the command line, as soon as all before it are there.
  const tell = () => {
    for (; results[told]; told += 1) {
      line.clear();
      if (options.format === 'json') say(document(names[told], results[told]));
      if (options.format === 'human') say(human(style, options.command, names[told], results[told]));
    }
  };
  const onProgress = (index, done, total) =>
    line.at(`${told}/${files.length} ${printable(names[index])} ${total ? Math.floor((100 * done) / total) : 0} %`);
  await pool(jobs, options.jobs, onProgress, (index, result) => {
    results[index] = result;
    tell();
  });
  line.clear();
  if (options.format === 'sarif') {
    const scanned = results.map(({ error, json }, index) => (error ? { file: names[index], error } : { file: names[index], result: JSON.parse(json) }));
    say(JSON.stringify(sarif(scanned)));
    for (const [index, result] of results.entries()) {
      if (result.error) process.stderr.write(`${human(styles(process.stderr), options.command, names[index], result)}\n`);
    }
  }
  if (options.format === 'human' && files.length > 1 && options.command !== 'ls') {
    say(`\n${summary(style, results.map((result, index) => ({ file: names[index], ...result })))}`);
  }
  const codes = results.map(exitOf);
  return [EXIT.usage, EXIT.unreadable, EXIT.refused, EXIT.onlyIntact].find((code) => codes.includes(code)) ?? EXIT.accepted;
}

if (isMainThread) {
  process.stdout.on('error', (error) => {
    if (error.code === 'EPIPE' || unheard) {
      unheard = true;
      return;
    }
    process.stderr.write(`pspf: the answer cannot be written: ${error.message}\n`);
    process.exit(EXIT.unreadable);
  });
  try {
    process.exitCode = await main();
  } catch (error) {
    const usage = error instanceof UsageError;
    if (!usage && !(error instanceof PspfError)) throw error;
    process.stderr.write(`pspf: ${printable(error.message)}\n${usage ? 'Try `pspf --help`.\n' : ''}`);
    process.exitCode = usage ? EXIT.usage : EXIT.unreadable;
  }
}

#!/usr/bin/env node
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { sarif, version } from '../node.js';
import { HELP, UsageError, read } from './arguments.js';
import { expand } from './files.js';
import { human, summary } from './human.js';
import { pool } from './pool.js';
import { printable, progressLine, styles } from './terminal.js';

const EXIT = { accepted: 0, refused: 1, usage: 2, unreadable: 3 };
/** Codes of errors that are the caller's, not the file's. */
const CALLER = new Set(['policy.invalid', 'key.fingerprint', 'slot.missing']);
/** Bytes of a policy file; policies are a page of text. */
const POLICY_MAX = 1 << 20;

function policy(path) {
  if (path === undefined) return undefined;
  let file;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const facts = fstatSync(file);
    if (!facts.isFile()) throw new Error('this is not a file');
    if (facts.size > POLICY_MAX) throw new Error(`a policy has at most ${POLICY_MAX} bytes, this has ${facts.size}`);
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path}: ${error.message}`);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function exitOf({ accepted, error }) {
  if (error) return CALLER.has(error.code) ? EXIT.usage : EXIT.unreadable;
  return accepted ? EXIT.accepted : EXIT.refused;
}

function document(file, { accepted, error, json }) {
  const head = `{"file":${JSON.stringify(file)},"accepted":${Boolean(accepted)},`;
  return error ? `${head}"ok":false,"errors":[${JSON.stringify(error)}]}` : head + json.slice(1);
}

async function main() {
  const options = read(process.argv.slice(2));
  if (options.help || options.version) {
    process.stdout.write(options.help ? HELP : `${version}\n`);
    return EXIT.accepted;
  }
  const files = expand(options.files);
  const shared = { command: options.command, keys: options.key, policy: policy(options.policy), slot: options.slot };
  const jobs = files.map((file) => ({ ...shared, file }));
  const threads = options.jobs ?? Math.min(availableParallelism(), 4);
  const style = styles(process.stdout);
  const line = progressLine(process.stderr);
  const results = [];
  let told = 0;
  // In the order of the command line, as soon as all before it are there.
  const tell = () => {
    for (; results[told]; told += 1) {
      line.clear();
      if (options.format === 'json') process.stdout.write(`${document(files[told], results[told])}\n`);
      if (options.format === 'human') process.stdout.write(`${human(style, options.command, files[told], results[told])}\n`);
    }
  };
  const onProgress = (index, done, total) =>
    line.at(`${told}/${files.length} ${printable(files[index])} ${total ? Math.floor((100 * done) / total) : 0} %`);
  await pool(jobs, threads, onProgress, (index, result) => {
    results[index] = result;
    tell();
  });
  line.clear();
  if (options.format === 'sarif') {
    const scanned = results.flatMap((result, index) => (result.json ? [{ file: files[index], result: JSON.parse(result.json) }] : []));
    process.stdout.write(`${JSON.stringify(sarif(scanned))}\n`);
    for (const [index, result] of results.entries()) {
      if (result.error) process.stderr.write(`${human(styles(process.stderr), options.command, files[index], result)}\n`);
    }
  }
  if (options.format === 'human' && files.length > 1 && options.command !== 'ls') {
    process.stdout.write(`\n${summary(style, results.map((result, index) => ({ file: files[index], ...result })))}\n`);
  }
  const codes = results.map(exitOf);
  return [EXIT.usage, EXIT.unreadable, EXIT.refused].find((code) => codes.includes(code)) ?? EXIT.accepted;
}

if (isMainThread) {
  process.stdout.on('error', (error) => {
    // Whoever read has gone.
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    process.stderr.write(`pspf: the answer cannot be written: ${error.message}\n`);
    process.exit(EXIT.unreadable);
  });
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`pspf: ${printable(error.message)}\nTry \`pspf --help\`.\n`);
    process.exitCode = EXIT.usage;
  }
}

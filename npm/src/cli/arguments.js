import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

/** What each command takes. An option that a command has no use for is refused: it may have been meant to demand something. */
const COMMANDS = {
  scan: { about: 'verify, look through every slot, and apply a policy', options: ['policy', 'revoked', 'format', 'jobs'], formats: ['human', 'json', 'sarif'] },
  verify: { about: 'read every byte and say what is proved', options: ['key', 'revoked', 'format', 'jobs'], formats: ['human', 'json'] },
  inspect: { about: 'read the head: who signed, what is claimed', options: ['key', 'revoked', 'format', 'jobs'], formats: ['human', 'json'] },
  ls: { about: 'list the files in the slots', options: ['slot', 'format', 'jobs'], formats: ['human', 'json'] },
};

const OPTIONS = {
  policy: { type: 'string', value: 'FILE', about: 'policy, a JSON file; without it only packages that are not bound and signed are refused' },
  key: { type: 'string', multiple: true, value: 'FINGERPRINT', about: 'key that must have signed; may be repeated' },
  revoked: { type: 'string', value: 'FILE', about: 'list of revoked keys, one fingerprint a line: nothing that they signed is accepted' },
  slot: { type: 'string', value: 'N', least: 0, about: 'only this slot' },
  format: { type: 'string', value: 'FORMAT', about: 'human (default), json (one document a line) or sarif (scan)' },
  jobs: { type: 'string', value: 'N', least: 1, about: 'files at once, each in its own thread; at most one for each processor (default: 4)' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
};

/** Threads by default; more files at once seldom help, as they share a disk. */
const JOBS_DEFAULT = 4;

const takers = (option) => Object.keys(COMMANDS).filter((name) => COMMANDS[name].options.includes(option));

const rows = (entries) => entries.map(([name, about]) => `  ${name.padEnd(18)} ${about}`).join('\n');

export const HELP = `Usage: pspf COMMAND [OPTIONS] FILE|URL...

Nothing in a package is ever run. A URL is read by HTTP Range. *, ? and ** in a FILE are expanded.

Commands:
${rows(Object.entries(COMMANDS).map(([name, { about }]) => [name, about]))}

Options:
${rows(
  Object.entries(OPTIONS)
    .filter(([, { about }]) => about)
    .map(([name, { value, about }]) => [`--${name} ${value}`, takers(name).length === Object.keys(COMMANDS).length ? about : `${about} (${takers(name).join(', ')})`]),
)}
  --help, --version

Exit codes: 0 all accepted, 1 a package was refused or is broken, 2 wrong command line or policy, 3 a file could not be read, or the answer not be written, 4 (verify) only intact: launcher or content can have been replaced.

Examples:
  npx pspf scan --policy policy.json --format sarif 'uploads/**/*.psp' > results.sarif
  npx pspf verify --key 9cd6f6b4... tool.psp
  npx pspf inspect https://example.org/tool.psp
  npx pspf ls --slot 1 tool.psp
`;

export class UsageError extends Error {}

/** The words of the command line, or what is wrong with them. */
export function read(words) {
  let parsed;
  try {
    parsed = parseArgs({ args: words, allowPositionals: true, strict: true, tokens: true, options: OPTIONS });
  } catch (error) {
    throw new UsageError(error.message);
  }
  const { values, positionals, tokens } = parsed;
  if (values.help || values.version) return { help: values.help ?? false, version: values.version ?? false };
  const [command, ...files] = positionals;
  if (!Object.hasOwn(COMMANDS, command ?? '')) throw new UsageError(command ? `unknown command ${command}` : 'no command');
  const seen = new Set();
  for (const { name } of tokens.filter(({ kind }) => kind === 'option')) {
    if (!COMMANDS[command].options.includes(name)) throw new UsageError(`${command} has no option --${name}; it is one of ${takers(name).join(', ')}`);
    if (seen.has(name) && !OPTIONS[name].multiple) throw new UsageError(`--${name} is given twice`);
    seen.add(name);
  }
  const { format = 'human', key = [], policy, revoked } = values;
  if (!COMMANDS[command].formats.includes(format)) throw new UsageError(`${command} has no format ${format}`);
  if (files.length === 0) throw new UsageError('no file');
  const number = (name) => {
    const text = values[name];
    if (text === undefined) return undefined;
    const { least } = OPTIONS[name];
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) throw new UsageError(`--${name} ${text}: not a whole number from ${least}`);
    return value;
  };
  // A thread more than there are processors only has to share them, and to compile the engine once more.
  const jobs = Math.min(number('jobs') ?? JOBS_DEFAULT, availableParallelism());
  return { command, files, format, key, policy, revoked, jobs, slot: number('slot') };
}

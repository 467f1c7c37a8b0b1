import { parseArgs } from 'node:util';

export const HELP = `Usage: pspf COMMAND [OPTIONS] FILE|URL...

Nothing in a package is ever run. A URL is read by HTTP Range. *, ? and ** in a FILE are expanded.

Commands:
  scan      verify, look through every slot, and apply a policy
  verify    read every byte and say what is proved
  inspect   read the head: who signed, what is claimed
  ls        list the files in the slots

Options:
  --policy FILE      policy of scan, a JSON file; without it only broken and unsigned packages are refused
  --key FINGERPRINT  key that must have signed (verify, inspect; may be repeated)
  --format FORMAT    human (default), json (one document a line) or sarif (scan)
  --jobs N           files at once, each in its own thread (default: the processors, at most 4)
  --slot N           only this slot (ls)
  --help, --version

Exit codes: 0 all accepted, 1 a package was refused or is broken, 2 wrong command line or policy, 3 a file could not be read, or the answer not be written.

Examples:
  npx pspf scan --policy policy.json --format sarif 'uploads/**/*.psp' > results.sarif
  npx pspf verify --key 9cd6f6b4... tool.psp
  npx pspf inspect https://example.org/tool.psp
  npx pspf ls --slot 1 tool.psp
`;

export class UsageError extends Error {}

const COMMANDS = { scan: ['human', 'json', 'sarif'], verify: ['human', 'json'], inspect: ['human', 'json'], ls: ['human', 'json'] };

/** The words of the command line, or what is wrong with them. */
export function read(words) {
  let parsed;
  try {
    parsed = parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        policy: { type: 'string' },
        key: { type: 'string', multiple: true, default: [] },
        format: { type: 'string', default: 'human' },
        jobs: { type: 'string' },
        slot: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error.message);
  }
  const { values, positionals } = parsed;
  if (values.help || values.version) return { ...values };
  const [command, ...files] = positionals;
  if (!Object.hasOwn(COMMANDS, command ?? '')) throw new UsageError(`${command ? `unknown command ${command}` : 'no command'}`);
  if (!COMMANDS[command].includes(values.format)) throw new UsageError(`${command} has no format ${values.format}`);
  if (values.policy && command !== 'scan') throw new UsageError('--policy is an option of scan');
  if (files.length === 0) throw new UsageError('no file');
  const number = (name, least) => {
    if (values[name] === undefined) return undefined;
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < least) throw new UsageError(`--${name} ${values[name]}: not a number from ${least}`);
    return value;
  };
  return { ...values, command, files, jobs: number('jobs', 1), slot: number('slot', 0) };
}

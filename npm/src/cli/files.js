import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PspfError } from '../errors.js';
import { UsageError } from './arguments.js';

const WILD = /[*?]/;
const REMOTE = /^https?:\/\//i;
/** There is no such thing, which a pattern may meet. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR']);

function segment(pattern) {
  const text = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${text}$`, 's');
}

/** What `look` finds; what is not there is `otherwise`, and what cannot be looked at an error: it may hold what must be refused. */
function found(path, look, otherwise) {
  try {
    return look(path || '.');
  } catch (cause) {
    if (ABSENT.has(cause.code)) return otherwise;
    throw new PspfError('source.read', `${path || '.'}: ${cause.message}`, { cause });
  }
}

const entries = (folder) => found(folder, (path) => readdirSync(path, { withFileTypes: true }), []);
const isFile = (path) => found(path, (place) => !lstatSync(place).isDirectory(), false);

function* walk(folder, [first, ...rest]) {
  if (first === undefined) return;
  if (!WILD.test(first)) {
    const path = folder ? join(folder, first) : first || '/';
    if (rest.length > 0) yield* walk(path, rest);
    else if (isFile(path)) yield path;
    return;
  }
  const everywhere = first === '**';
  if (everywhere) yield* walk(folder, rest.length ? rest : ['*']);
  for (const entry of entries(folder)) {
    const path = folder ? join(folder, entry.name) : entry.name;
    if (everywhere) {
      // Links are not followed down: a tree may lead into itself.
      if (entry.isDirectory()) yield* walk(path, [first, ...rest]);
    } else if (segment(first).test(entry.name) && (!entry.name.startsWith('.') || first.startsWith('.'))) {
      if (rest.length) yield* walk(path, rest);
      else if (!entry.isDirectory()) yield path;
    }
  }
}

/** The files that patterns name, each once, in order; for shells that do not expand them. */
export function expand(patterns) {
  const all = patterns.flatMap((pattern) => {
    if (REMOTE.test(pattern) || !WILD.test(pattern)) return [pattern];
    const matched = [...walk('', pattern.split('/'))].sort();
    if (matched.length === 0) throw new UsageError(`no file matches ${pattern}`);
    return matched;
  });
  return [...new Set(all)];
}

/** The source that a word of the command line names. */
export function source(word) {
  if (!REMOTE.test(word)) return word;
  if (!URL.canParse(word)) throw new PspfError('source.type', 'this is not a URL');
  return new URL(word);
}

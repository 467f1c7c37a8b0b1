import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from './arguments.js';

const WILD = /[*?]/;

function segment(pattern) {
  const text = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${text}$`, 's');
}

function entries(folder) {
  try {
    return readdirSync(folder || '.', { withFileTypes: true });
  } catch {
    return [];
  }
}

function* walk(folder, [first, ...rest]) {
  if (first === undefined) return;
  if (!WILD.test(first)) {
    const path = folder ? join(folder, first) : first || '/';
    if (rest.length === 0) yield path;
    else yield* walk(path, rest);
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
  const found = patterns.flatMap((pattern) => {
    if (/^https?:\/\//.test(pattern) || !WILD.test(pattern)) return [pattern];
    const matched = [...walk('', pattern.split('/'))].sort();
    if (matched.length === 0) throw new UsageError(`no file matches ${pattern}`);
    return matched;
  });
  return [...new Set(found)];
}

/** The source that a word of the command line names. */
export function source(word) {
  return /^https?:\/\//.test(word) ? new URL(word) : word;
}

// One engine: no script knows an offset, a size or a magic number of the format.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { npmFolder, root } from './environment.mjs';

/** Sizes of index, trailer and descriptor, offsets in the index, and reads of binary numbers. */
const FORMAT = [
  /\b(8192|8200|8196|0x2000|0x2008)\b/,
  /\b(1376|1440|1504)\b/,
  /\b(DataView|readUInt\w*|readBigUInt\w*|getUint(16|32)|getBigUint64|BigInt)\b/,
  /PSPF2025|\u{1fa84}|\u{1f4e6}|0x1f,\s*0x8b|adler/iu,
];

function sources(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(js|mjs|html)$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !/node_modules|\/dist\/|\/generated\/|\/tests?\//.test(path.slice(root.length)));
}

test('no script knows the format', () => {
  const files = [...sources(npmFolder), ...sources(join(root, 'web'))];
  assert.ok(files.length > 15, `${files.length} files`);
  for (const file of files) {
    for (const [number, line] of readFileSync(file, 'utf8').split('\n').entries()) {
      for (const pattern of FORMAT) assert.doesNotMatch(line, pattern, `${file}:${number + 1}`);
    }
  }
});

// Bundles src/ and the generated engine (`cargo xtask wasm`) into dist/: one wasm file, and one script for each kind of host.
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

process.chdir(import.meta.dirname ?? new URL('.', import.meta.url).pathname);
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
rmSync('dist', { recursive: true, force: true });

/** What each code means, for SARIF: the rows of docs/findings.md. */
const rules = {};
for (const [, cell, means] of readFileSync('../docs/findings.md', 'utf8').matchAll(/^\| (`[^|]+`) \| [^|]+ \| ((?:[^|]|\\\|)+) \|/gm)) {
  for (const [, code] of cell.matchAll(/`([^`]+)`/g)) rules[code] = means.trim().replaceAll('`', '').replace(/\[([^\]]+)\]\([^)]*\)/g, '$1');
}

const shared = {
  bundle: true,
  outdir: 'dist',
  target: 'es2022',
  charset: 'utf8',
  define: { PSPF_VERSION: JSON.stringify(version), PSPF_RULES: JSON.stringify(rules) },
  plugins: [
    {
      // The engine as text: compressed, because base64 is not.
      name: 'engine-text',
      setup: ({ onLoad }) =>
        onLoad({ filter: /\.wasm$/ }, ({ path }) => ({
          contents: gzipSync(readFileSync(path), { level: 9 }).toString('base64'),
          loader: 'text',
        })),
    },
  ],
  logLevel: 'warning',
};
const esm = { ...shared, format: 'esm' };
const cjs = {
  ...shared,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { ...shared.define, 'import.meta.url': 'moduleUrl' },
};
const nodeCjs = { banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" } };

await build({ ...esm, entryPoints: ['src/node.js'], platform: 'node' });
await build({ ...cjs, ...nodeCjs, entryPoints: ['src/node.js'], platform: 'node' });
await build({ ...esm, entryPoints: ['src/worker-node.js', 'src/worker-thread-node.js'], platform: 'node' });
// Its threads run the same file, so that it is complete by itself.
await build({ ...esm, entryPoints: { cli: 'src/cli/main.js' }, platform: 'node' });
await build({ ...esm, entryPoints: ['browser', 'default', 'inline', 'worker', 'worker-thread'].map((name) => `src/${name}.js`), platform: 'neutral' });
await build({ ...cjs, entryPoints: ['src/default.js', 'src/inline.js'], platform: 'neutral' });
copyFileSync('generated/pspf.wasm', 'dist/pspf.wasm');
copyFileSync('../LICENSE', 'LICENSE');
// The types are the same for both module systems; the file's name says which one it speaks of.
for (const name of ['index', 'inline']) {
  writeFileSync(`${name}.d.cts`, readFileSync(`${name}.d.ts`, 'utf8').replaceAll("'./index.js'", "'./index.cjs'"));
}

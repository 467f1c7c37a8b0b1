// Builds the static site and the one-file page. Called by `cargo xtask web`:
//   node build.mjs --engine NPM_DIST --wasm FILE --samples FOLDER --out FOLDER [--same-origin-urls]

import { build, transform } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

/** Name of the one-file page. */
const ONE_FILE = 'pspf-viewer.html';

const TARGET = ['chrome116', 'firefox124', 'safari17.4'];
const STYLES = ['theme.css', 'page.css', 'report.css', 'contents.css'];

const { values: options } = parseArgs({ options: {
  engine: { type: 'string' }, wasm: { type: 'string' }, samples: { type: 'string' }, out: { type: 'string' },
  'same-origin-urls': { type: 'boolean', default: false },
} });
for (const name of ['engine', 'wasm', 'samples', 'out']) if (!options[name]) throw new Error(`--${name} is missing`);
const here = fileURLToPath(new URL('.', import.meta.url));
const sameOrigin = options['same-origin-urls'];

/** The digits of base 85: printable ASCII without what ends or escapes a string, a comment or a tag. */
const ALPHABET = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at)).filter((character) => !'"\'\\<>&`$/'.includes(character)).join('');

const packed = (bytes) => gzipSync(bytes, { level: 9 });
const digest = (bytes, encoding = 'hex') => createHash('sha256').update(bytes).digest(encoding);

/** JavaScript that unpacks a base64 text. */
const UNPACK = 'const unpacked=async text=>new Uint8Array(await new Response(new Blob([Uint8Array.from(atob(text),c=>c.charCodeAt(0))]).stream()' +
  ".pipeThrough(new DecompressionStream('gzip'))).arrayBuffer());";

/** Base 85 (src/one-file.js reads it). */
function base85(bytes) {
  const padded = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  let text = '';
  for (let at = 0; at < padded.length; at += 4) {
    let word = padded.subarray(at, at + 4).reduce((sum, byte) => sum * 256 + byte, 0);
    let five = '';
    for (let digit = 0; digit < 5; digit += 1) {
      five = ALPHABET[word % 85] + five;
      word = Math.floor(word / 85);
    }
    text += five;
  }
  return text;
}

async function bundle(entry, plugins, extra = {}) {
  const result = await build({ entryPoints: [join(here, 'src', entry)], bundle: true, write: false, minify: true, format: 'esm', target: TARGET,
    legalComments: 'none', plugins, logLevel: 'warning', ...extra });
  return result.outputFiles[0].text.trimEnd();
}

/** `import … from 'NAME'` is answered with these sources, or with a path that stays an import. */
const virtual = (modules) => ({
  name: 'virtual',
  setup(to) {
    to.onResolve({ filter: /^built:/ }, ({ path }) => {
      const found = modules[path];
      return found.external ? { path: found.external, external: true } : { path, namespace: 'built' };
    });
    to.onLoad({ filter: /.*/, namespace: 'built' }, ({ path }) => ({ contents: modules[path].source, loader: 'js' }));
  },
});

/** `import … from 'pspf'` and `'pspf/worker'` are the npm package, which is given its WebAssembly by the page. */
const engine = { name: 'engine', setup(to) {
  to.onResolve({ filter: /^pspf$/ }, () => ({ path: resolve(options.engine, 'default.js') }));
  to.onResolve({ filter: /^pspf\/worker$/ }, () => ({ path: resolve(options.engine, 'worker.js') }));
} };

/** The list of samples, and all their bytes in its order. */
async function samples() {
  const { publisher, samples: list } = JSON.parse(await readFile(join(options.samples, 'samples.json'), 'utf8'));
  const bytes = Buffer.concat(await Promise.all(list.map(({ stored }) => readFile(join(options.samples, stored)))));
  const kept = list.map(({ file, title, description, trusted, state, size }) => ({ file, title, description, trusted, state, size }));
  return { source: `export const samplePackages=${JSON.stringify({ publisher, list: kept })};`, bytes };
}

/** What the page may do. Scripts and styles are the page's own; `connect-src` says what it may reach. */
function policy({ script, style, scriptPolicy = '' }) {
  return [
    "default-src 'none'", `script-src ${script} 'wasm-unsafe-eval'`, `style-src ${style}`, "img-src data:", "worker-src 'self' blob:",
    `connect-src ${sameOrigin ? "'self'" : "'none'"}`, "manifest-src 'none'", "base-uri 'none'", "form-action 'none'",
    "require-trusted-types-for 'script'", `trusted-types pspf${scriptPolicy}`,
  ].join('; ');
}

const promise = sameOrigin
  ? ['Nothing is uploaded.', 'This page may read packages of its own site; the browser refuses it every other connection.']
  : ['Nothing leaves this machine.', 'The browser refuses this page every connection.'];

function page(template, { policy: text, style, script, copyLink }) {
  const values = { policy: text, style, script, promise: promise[0], 'promise-detail': promise[1], 'copy-link': copyLink };
  return template.replace(/\{\{([a-z-]+)\}\}/g, (_, name) => values[name]);
}

const wasm = await readFile(options.wasm);
const { version } = JSON.parse(await readFile(join(here, 'package.json'), 'utf8'));
const worker = await bundle('worker.js', [engine], { format: 'iife', define: { 'import.meta.url': '""' }, external: ['node:*'] });
const sampled = await samples();
const facts = (serviceWorker) => ({ source: `export const built=${JSON.stringify({ version, engineDigest: digest(wasm), sameOriginUrls: sameOrigin, serviceWorker })};` });
const css = (await Promise.all(STYLES.map((name) => readFile(join(here, 'style', name), 'utf8')))).join('\n');
const style = (await transform(css, { loader: 'css', minify: true, target: TARGET })).code.trimEnd();
const template = await readFile(join(here, 'index.html'), 'utf8');

const files = new Map();

const siteScript = await bundle('main.js', [engine, virtual({ 'built:engine': { external: './engine.js' }, 'built:samples': { external: './samples.js' }, 'built:facts': facts(true) })]);
files.set('index.html', page(template, { policy: policy({ script: "'self'", style: "'self'" }), style: '<link rel="stylesheet" href="style.css">',
  script: '<script type="module" src="page.js"></script>', copyLink: ` (<a href="${ONE_FILE}" download>one HTML file</a>)` }));
files.set('page.js', siteScript);
files.set('style.css', style);
files.set('engine.js', `${UNPACK}export const workerScript=${JSON.stringify(worker)};export const engineModule=()=>unpacked("${packed(wasm).toString('base64')}");`);
files.set('samples.js', `${UNPACK}${sampled.source}export const sampleBytes=()=>unpacked("${packed(sampled.bytes).toString('base64')}");`);

const part = 'globalThis.pspfParts';
const oneScript = await bundle('main.js', [engine, virtual({
  'built:engine': { source: `export const workerScript=new TextDecoder().decode(${part}.worker);export const engineModule=async()=>${part}.engine;` },
  'built:samples': { source: `${sampled.source}export const sampleBytes=async()=>${part}.samples;` },
  'built:facts': facts(false),
})]);
const parts = [style, oneScript, worker].map((text) => Buffer.from(text)).concat([wasm, sampled.bytes]);
const archive = packed(Buffer.concat(parts));
const loader = await bundle('one-file.js', [], { format: 'iife', define: {
  PARTS: JSON.stringify([archive.length, ...parts.map((bytes) => bytes.length)]), DATA: JSON.stringify(base85(archive)), ALPHABET: JSON.stringify(ALPHABET),
} });
const hash = (text) => `'sha256-${digest(text, 'base64')}'`;
files.set(ONE_FILE, page(template, { policy: policy({ script: `${hash(loader)} ${hash(oneScript)}`, style: hash(style), scriptPolicy: ' pspf-parts' }),
  style: '', script: `<script>${loader}</script>`, copyLink: ', such as this one' }));

const release = digest([...files].map(([name, text]) => `${name} ${digest(text)}`).join('\n')).slice(0, 16);
const shell = ['./', ...files.keys()].filter((name) => name !== ONE_FILE && name !== 'index.html');
files.set('service-worker.js', await bundle('service-worker.js', [], { define: { RELEASE: JSON.stringify(release), SHELL: JSON.stringify(shell) } }));

const zipped = ['index.html', 'page.js', 'style.css', 'service-worker.js'].reduce((sum, name) => sum + gzipSync(files.get(name), { level: 9 }).length, 0) + gzipSync(worker, { level: 9 }).length;
const oneFile = Buffer.byteLength(files.get(ONE_FILE));
console.log(`page, script, worker and style: ${zipped} bytes gzipped; WebAssembly: ${gzipSync(wasm, { level: 9 }).length} gzipped; one file: ${oneFile} bytes`);
await rm(options.out, { recursive: true, force: true });
await mkdir(options.out, { recursive: true });
for (const [name, text] of files) await writeFile(join(options.out, name), text);

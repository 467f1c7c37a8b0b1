// Unpacks the one-file page: style, page script, worker, engine and samples are in it as one compressed text. The page's policy
// names the hashes of style and script, so that the browser runs no others.

/* global PARTS, DATA, ALPHABET */

/** Base 85: five characters are four bytes, big-endian. */
function decoded(text) {
  const digits = new Map(Array.from(ALPHABET, (character, at) => [character, at]));
  const bytes = new Uint8Array((text.length / 5) * 4);
  for (let at = 0; at < text.length; at += 5) {
    let word = 0;
    for (let next = at; next < at + 5; next += 1) word = word * 85 + digits.get(text[next]);
    bytes.set([word >>> 24, word >>> 16, word >>> 8, word], (at / 5) * 4);
  }
  return bytes;
}

async function start() {
  const [packed, ...sizes] = PARTS;
  const archive = new Blob([decoded(DATA)]).slice(0, packed);
  const bytes = new Uint8Array(await new Response(archive.stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer());
  let end = 0;
  const [style, script, worker, engine, samples] = sizes.map((size) => bytes.subarray(end, (end += size)));
  globalThis.pspfParts = { worker, engine, samples };
  const rules = { createScript: (text) => text };
  const policy = globalThis.trustedTypes ? trustedTypes.createPolicy('pspf-parts', rules) : rules;
  const text = new TextDecoder();
  const styled = document.createElement('style');
  styled.textContent = text.decode(style);
  const scripted = document.createElement('script');
  scripted.type = 'module';
  scripted.textContent = policy.createScript(text.decode(script));
  document.head.append(styled, scripted);
}

start();

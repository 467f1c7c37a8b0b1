import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createReadStream, openAsBlob, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import * as pspf from '../dist/node.js';
import { folder, samples } from './environment.mjs';

const { publisher, files } = samples();
const good = files.Good;
let server;
let origin;
const asked = [];

before(async () => {
  server = createServer((request, response) => {
    const bytes = readFileSync(good);
    if (request.url === '/private' && request.headers.authorization !== `Basic ${btoa('me:s3cret')}`) return response.writeHead(401).end();
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    if (!range || request.url === '/whole') return response.end(bytes);
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)];
    asked.push(end - start + 1);
    response.writeHead(206, { 'content-range': `bytes ${start}-${end}/${bytes.length}`, etag: '"one"' });
    response.end(bytes.subarray(start, end + 1));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

const code = (expected) => (error) => {
  assert.ok(error instanceof pspf.PspfError, String(error));
  assert.equal(error.code, expected);
  return true;
};

async function gather(stream) {
  return Buffer.concat(await collect(stream));
}

async function collect(iterable) {
  const found = [];
  for await (const item of iterable) found.push(item);
  return found;
}

test('every source gives the same report', async () => {
  const bytes = readFileSync(good);
  const expected = await pspf.verifyJson(good);
  const sources = {
    buffer: bytes,
    'ArrayBuffer': new Uint8Array(bytes).buffer,
    blob: await openAsBlob(good),
    'file URL': pathToFileURL(good),
    'web stream': Readable.toWeb(createReadStream(good)),
    'node stream': createReadStream(good),
    'HTTP ranges': new URL('/package', origin),
    'HTTP without ranges': new URL('/whole', origin),
  };
  for (const [name, source] of Object.entries(sources)) assert.equal(await pspf.verifyJson(source), expected, name);
});

test('a Blob whose streams never answer is read all the same', async () => {
  /** As a file of Chromium that is opened while another one is read. */
  class Stuck extends Blob {
    slice(...range) {
      const part = super.slice(...range);
      part.stream = () => new ReadableStream({ type: 'bytes', pull: () => new Promise(() => {}) });
      return part;
    }
  }
  const bytes = Buffer.concat([Buffer.alloc(3 << 20), readFileSync(good)]);
  assert.equal(await pspf.verifyJson(new Stuck([bytes])), await pspf.verifyJson(bytes));
});

test('a stream over its limit is refused', async () => {
  const stream = Readable.toWeb(createReadStream(good));
  await assert.rejects(pspf.verify(stream, { streamLimit: 1000 }), code('source.limit'));
});

test('sources that cannot be', async () => {
  await assert.rejects(pspf.verify('/nowhere/at/all.psp'), code('source.read'));
  await assert.rejects(pspf.verify(folder()), code('source.type'));
  await assert.rejects(pspf.verify(42), code('source.type'));
  await assert.rejects(pspf.verify(new URL('ftp://localhost/x')), code('source.type'));
  await assert.rejects(pspf.verify(good, { trustedKeys: ['zz'] }), code('key.fingerprint'));
});

test('the verdicts of the samples', async () => {
  const verdict = async (title, keys = [publisher]) => {
    const { ok, state, trust } = await pspf.verify(files[title], { trustedKeys: keys });
    return [ok, state, trust];
  };
  assert.deepEqual(await verdict('Good'), [true, 'sealed', 'pinned']);
  assert.deepEqual(await verdict('Good', []), [true, 'sealed', 'unknown_key']);
  assert.deepEqual(await verdict('Unknown key'), [true, 'sealed', 'unknown_key']);
  assert.deepEqual((await verdict('Tampered')).slice(0, 2), [false, 'broken']);
  assert.deepEqual(await verdict('Not signed'), [false, 'intact', 'unsigned']);
});

test('inspect reads the head only, and says which system the launcher is for', async () => {
  asked.length = 0;
  const inspection = await pspf.inspect(new URL('/package', origin), { trustedKeys: [publisher] });
  assert.equal(inspection.authenticated, true);
  assert.equal(inspection.report.state, 'partial');
  assert.equal(inspection.report.trust, 'pinned');
  assert.equal(inspection.metadata.format, 'PSPF/2025');
  assert.ok(inspection.launcher.size > 0);
  assert.ok(asked.reduce((sum, bytes) => sum + bytes, 0) < 100_000);
  const unsigned = await pspf.inspect(files['Not signed']);
  assert.equal(unsigned.authenticated, false);
  assert.equal(unsigned.metadata.format, 'PSPF/2025');
});

test('progress ends at the end, and a signal ends the work', async () => {
  let last;
  await pspf.verify(good, { onProgress: (...told) => { last = told; } });
  assert.equal(last[0], last[1]);
  assert.ok(last[1] > statSync(good).size, 'the contents are counted, too');
  await pspf.verify(good, { contents: false, onProgress: (...told) => { last = told; } });
  assert.deepEqual(last, [statSync(good).size, statSync(good).size]);
  await assert.rejects(pspf.verify(good, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  const controller = new AbortController();
  const work = pspf.scan(good, { version: 1 }, { signal: controller.signal, onProgress: () => controller.abort() });
  await assert.rejects(work, { name: 'AbortError' });
});

async function archiveSlot(source) {
  const { report } = await pspf.inspect(source);
  return report.slots.find(({ operations }) => operations.startsWith('tar')).index;
}

test('files of a slot are listed and come out', async () => {
  const slot = await archiveSlot(good);
  const entries = await collect(pspf.listFiles(good, slot));
  const file = entries.find(({ type, size }) => type === 'file' && size > 0);
  const content = await gather(pspf.extractFile(good, slot, file.path));
  assert.equal(content.length, file.size);
  const digest = await crypto.subtle.digest('SHA-256', content);
  assert.equal(Buffer.from(digest).toString('hex'), file.sha256);
  await assert.rejects(gather(pspf.extractFile(good, slot, 'not/there')), code('slot.no_file'));
  await assert.rejects(collect(pspf.listFiles(good, 999)), code('slot.missing'));
  const archive = await gather(pspf.readSlot(good, slot));
  assert.ok(archive.length > file.size);
});

test('what is not as signed does not come out whole', async () => {
  const { report } = await pspf.inspect(good);
  const slot = await archiveSlot(good);
  const bytes = readFileSync(good);
  const { range } = report.slots[slot];
  for (let at = range.start; at < range.end; at += Math.ceil((range.end - range.start) / 50)) {
    const damaged = Buffer.from(bytes);
    damaged[at] ^= 1;
    await assert.rejects(collect(pspf.listFiles(damaged, slot)), pspf.PspfError, `byte ${at}`);
    await assert.rejects(gather(pspf.readSlot(damaged, slot)), pspf.PspfError, `byte ${at}`);
  }
  await assert.rejects(gather(pspf.readSlot(files['Not signed'], slot)), code('package.unverified'));
  assert.ok((await gather(pspf.readSlot(files['Not signed'], slot, { allowUnverified: true }))).length > 0);
});

test('hostile paths end the listing', async () => {
  const { report } = await pspf.inspect(files['Hostile paths']);
  const ends = await Promise.all(
    report.slots.map(({ index }) => collect(pspf.listFiles(files['Hostile paths'], index)).then(() => '', (error) => error.code)),
  );
  assert.ok(ends.includes('tar.path'), ends.join());
});

test('the attestation, where there is one', async () => {
  const document = await pspf.attestation(good);
  assert.equal(document.authenticated, true);
  assert.equal(document.sbom.bomFormat, 'CycloneDX');
});

test('two packages compared', async () => {
  const same = await pspf.diff(good, readFileSync(good));
  assert.deepEqual([same.identical, same.metadata, same.slots], [true, [], []]);
  const difference = await pspf.diff(files['Older version'], createReadStream(good));
  assert.equal(difference.identical, false);
  assert.equal(difference.signer.changed, false);
  assert.ok(difference.metadata.some(({ path }) => path === 'package.version'));
  assert.ok(difference.slots.some(({ files: changed }) => changed?.length > 0));
  assert.ok((await pspf.diff(good, files['Unknown key'])).signer.changed);
});

test('policies', async () => {
  const scan = (title, policy) => pspf.scan(files[title], { version: 1, ...policy });
  const codes = ({ findings }) => findings.filter(({ severity }) => severity === 'error').map((finding) => finding.code);
  const accepted = await scan('Good', { trust: { fingerprints: [publisher], minimum: 'sealed' }, sbom: { required: true } });
  assert.deepEqual([accepted.verdict, codes(accepted)], ['accept', []]);
  assert.ok(accepted.counts.entries > 0 && accepted.report.coverage.length > 0);
  const refuses = async (expected, title, policy) => {
    const result = await scan(title, policy);
    assert.equal(result.verdict, 'reject');
    assert.ok(codes(result).includes(expected), `${title}: ${codes(result)}, not ${expected}`);
  };
  await refuses('policy.signer', 'Unknown key', { trust: { fingerprints: [publisher] } });
  await refuses('policy.unsigned', 'Not signed', {});
  await refuses('tar.path', 'Hostile paths', {});
  await refuses('policy.launcher', 'Good', { launcher: { digests: ['0'.repeat(64)] } });
  await refuses('policy.package_size', 'Good', { limits: { packageSize: 100 } });
  await refuses('policy.purl', 'Good', { sbom: { denyPurls: ['*'] } });
  await refuses('tar.limit', 'Good', { limits: { entries: 1 } });
  await refuses('codec.limit.output', 'Good', { limits: { unpackedSize: 100 } });
  const launcher = await scan('Good', { launcher: { digests: [accepted.launcher_sha256] } });
  assert.equal(launcher.verdict, 'accept');
  const waved = await scan('Not signed', { trust: { allowUnsigned: true } });
  assert.equal(waved.verdict, 'accept');
  assert.equal((await scan('Tampered', {})).verdict, 'reject');
  await assert.rejects(scan('Good', { forbid: { setUid: true } }), code('policy.invalid'));
});

test('SARIF names rules, places and weights', async () => {
  const result = await pspf.scan(files.Tampered, { version: 1 });
  const log = pspf.sarif([{ file: 'a b.psp', result }]);
  assert.equal(log.version, '2.1.0');
  const [run] = log.runs;
  assert.equal(run.results.length, result.findings.length);
  for (const entry of run.results) {
    assert.equal(run.tool.driver.rules[entry.ruleIndex].id, entry.ruleId);
    assert.ok(['error', 'warning', 'note'].includes(entry.level) && entry.message.text);
    const { artifactLocation, region } = entry.locations[0].physicalLocation;
    assert.equal(artifactLocation.uri, 'a%20b.psp');
    if (region) assert.ok(region.byteOffset >= 0 && region.byteLength >= 0);
  }
});

test('keys', async () => {
  await assert.rejects(pspf.keyFromFile(Buffer.from('no key')), (error) => error instanceof pspf.PspfError && error.code.startsWith('key.'));
  const { publicKey } = await crypto.subtle.generateKey('Ed25519', true, ['sign']);
  const spki = Buffer.from(await crypto.subtle.exportKey('spki', publicKey)).toString('base64');
  const raw = Buffer.from(await crypto.subtle.exportKey('raw', publicKey));
  const key = await pspf.keyFromFile(Buffer.from(`-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`));
  assert.equal(key.public_key, raw.toString('hex'));
  assert.equal(key.fingerprint, Buffer.from(await crypto.subtle.digest('SHA-256', raw)).toString('hex'));
  const pem = `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`;
  const dated = await pspf.keyFromFile(Buffer.from(`# Name: Farm\n# Expires: 2027-01-31\n${pem}`));
  assert.deepEqual([dated.name, dated.expires], ['Farm', '2027-01-31']);
  await assert.rejects(pspf.keyFromFile(Buffer.from(`# expires: 2027-01-31\n${pem}`)), { code: 'key.notes' });
  assert.deepEqual(await pspf.revokedFromList(Buffer.from(`# lost\n${key.fingerprint} laptop\n`)), [key.fingerprint]);
  await assert.rejects(pspf.revokedFromList(Buffer.from(`${key.fingerprint.slice(1)}\n`)), { code: 'key.revocations' });
});

test('a revoked key passes nowhere', async () => {
  const { signer } = await pspf.verify(good);
  const revokedKeys = [signer.fingerprint];
  const trustedKeys = revokedKeys;
  const report = await pspf.verify(good, { trustedKeys, revokedKeys });
  assert.deepEqual([report.ok, report.trust, report.findings[0].code], [false, 'revoked', 'key.revoked']);
  assert.equal((await pspf.inspect(good, { revokedKeys })).authenticated, false);
  assert.equal((await pspf.scan(good, { version: 1, trust: { minimum: 'intact' } }, { revokedKeys })).verdict, 'reject');
  await assert.rejects(gather(pspf.readSlot(good, 0, { revokedKeys })), { code: 'package.unverified' });
  assert.ok((await pspf.verify(good, { revokedKeys: ['0'.repeat(64)] })).ok);
  await assert.rejects(pspf.verify(good, { revokedKeys: ['ab'] }), { code: 'key.fingerprint' });
});

test('a file that shrinks while it is read is an error', async () => {
  const path = join(folder(), 'shrinks.psp');
  writeFileSync(path, Buffer.concat([Buffer.alloc(8 << 20), readFileSync(good)]));
  const work = pspf.verify(path, { onProgress: () => writeFileSync(path, 'gone') });
  const end = await work.then((report) => report.state, (error) => error.code);
  assert.ok(['source.read', 'broken'].includes(end), end);
});

test('an option that nobody reads, and a policy that loses something, are type errors', async () => {
  const refused = (work, text) => assert.rejects(async () => work(), (error) => error instanceof TypeError && text.test(error.message));
  const one = async (list) => { for await (const _ of list) break; };
  for (const work of [
    () => pspf.verify(good, { trustedKey: [publisher] }),
    () => pspf.verifyJson(good, { keys: [publisher] }),
    () => pspf.inspect(good, { trustedkeys: [publisher] }),
    () => one(pspf.listFiles(good, 0, { trustedKeys: [] })),
    () => gather(pspf.extractFile(good, 0, 'x', { allowUnverifed: true })),
    () => gather(pspf.readSlot(good, 0, { onprogress() {} })),
    () => pspf.attestation(good, { trustedKeys: [publisher] }),
    () => pspf.diff(good, good, { trustedKeys: [publisher] }),
    () => pspf.scan(good, { version: 1 }, { trustedKeys: [publisher] }),
    () => pspf.sha256(good, { digest: 'x' }),
  ]) await refused(work, /has no option/);
  await refused(() => pspf.verify(good, { trustedKeys: publisher }), /not an array of fingerprints/);
  await refused(() => pspf.verify(good, [publisher]), /no object/);
  await refused(() => pspf.readSlot(good, 0, { maxWindow: -1 }), /whole number/);
  await refused(() => pspf.scan(good, undefined), /the policy is undefined/);
  await refused(() => pspf.scan(good, null), /neither/);
  for (const policy of [
    { version: 1, trust: undefined },
    { version: 1, trust: { fingerprints: undefined } },
    { version: 1, trust: { fingerprints: [undefined] } },
    // eslint-disable-next-line no-sparse-arrays
    { version: 1, trust: { fingerprints: [,] } },
    { version: 1, sbom: { denyPurls: new Set(['pkg:npm/a']) } },
    { version: 1, severity: new Map([['policy.purl', 'error']]) },
    { version: 1, limits: { packageSize: Number.NaN } },
    { version: 1, limits: { packageSize: 10n } },
    { version: 1, trust: { minimum: () => 'sealed' } },
    { version: 1, toJSON: () => ({ version: 1 }) },
  ]) await refused(() => pspf.scan(good, policy), /of the policy is/);
  assert.equal((await pspf.scan(good, '{"version":1}')).verdict, 'accept');
  await assert.rejects(pspf.scan(good, '{"version":1,"trust":{"minimum":"sealed"},"trust":{}}'), code('policy.invalid'));
  assert.equal((await pspf.verify(good, { trustedKeys: undefined })).trust, 'unknown_key');
});

test('no weight is taken from what breaks a package, or from what is not known', async () => {
  const scan = (title, policy) => pspf.scan(files[title], { version: 1, ...policy });
  for (const policy of [
    { limits: { packageSize: 1000 }, trust: { minimum: 'sealed' }, severity: { 'policy.package_size': 'warning' } },
    { severity: { 'launcher.digest': 'info' } },
    { severity: { 'slot.digest.signed': 'warning' } },
    { severity: { 'policy.setuids': 'error' } },
    { sbom: { denyPurls: ['left-pad'] } },
    { sbom: { denyLicences: ['GPLv3'] } },
  ]) await assert.rejects(scan('Tampered', policy), code('policy.invalid'), JSON.stringify(policy));
  assert.equal((await scan('Tampered', { limits: { packageSize: 1000 } })).verdict, 'reject');
});

test('user and password of a URL are used, and never shown', async () => {
  const url = new URL('/private', origin.replace('//', '//me:s3cret@'));
  assert.equal((await pspf.verify(url)).state, 'sealed');
  const wrong = new URL(url);
  wrong.password = 's3cret-and-wrong';
  const gone = new URL('http://me:s3cret@127.0.0.1:1/package');
  for (const source of [wrong, gone]) {
    await assert.rejects(pspf.verify(source), ({ message, code: found }) => {
      assert.match(found, /^source\./);
      assert.doesNotMatch(message, /s3cret|me:/);
      return true;
    });
  }
});

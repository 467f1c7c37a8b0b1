import * as pspf from 'pspf';
import { verify as inline } from 'pspf/inline';

const source: pspf.Source = new Uint8Array();
const policy: pspf.Policy = { version: 1, trust: { minimum: 'bound' }, forbid: { worldWritable: true } };

export async function use(): Promise<number> {
  const report = await pspf.verify(source, { trustedKeys: ['0'], onProgress: (done, total) => done / total });
  const state: 'broken' | 'partial' | 'intact' | 'bound' | 'sealed' = report.state;
  const result: pspf.ScanResult = await pspf.scan(source, policy);
  let size = state.length + result.counts.entries;
  for await (const entry of pspf.listFiles(source, 0)) size += entry.size;
  const { metadata } = await pspf.inspect(new URL('https://example.org/x.psp'));
  if (metadata !== null && typeof metadata['format'] === 'string') size += metadata['format'].length;
  const stream: ReadableStream<Uint8Array> = pspf.extractFile(source, 0, 'a');
  await stream.cancel();
  // @ts-expect-error There is no such verdict.
  const wrong: pspf.ScanResult['verdict'] = 'maybe';
  // @ts-expect-error A misspelt demand.
  const misspelt: pspf.Policy = { version: 1, forbid: { setUid: true } };
  return size + (await inline(source)).size + [wrong, misspelt].length;
}

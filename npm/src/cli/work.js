import { inspect, listFiles, scan, verifyJson } from '../node.js';
import { PspfError } from '../errors.js';
import { NOTHING_DEMANDED } from '../options.js';
import { source } from './files.js';

async function entries(file, only, onProgress) {
  const { report } = await inspect(source(file));
  if (report.state === 'broken') return { accepted: false, slots: [], report };
  if (only !== undefined && !report.slots.some(({ index }) => index === only)) {
    throw new PspfError('slot.missing', `there is no slot ${only}; there are ${report.slots.length}`);
  }
  const slots = [];
  for (const { index, id, operations } of report.slots) {
    if (only !== undefined && only !== index) continue;
    const slot = { slot: index, id, files: [] };
    try {
      for await (const entry of listFiles(source(file), index, { onProgress })) slot.files.push(entry);
    } catch (error) {
      if (error.code !== 'slot.not_archive') throw error;
      slot.operations = operations;
    }
    slots.push(slot);
  }
  return { accepted: true, slots };
}

/** What a command says of one file: `accepted`, `onlyIntact` where that is all that is wrong with it, and the document without the file's name as JSON text. */
export async function work({ command, file, keys, revoked: revokedKeys, policy, slot }, onProgress) {
  try {
    if (command === 'ls') {
      const { accepted, ...found } = await entries(file, slot, onProgress);
      return { accepted, json: JSON.stringify(found) };
    }
    if (command === 'scan') {
      const result = await scan(source(file), policy ?? NOTHING_DEMANDED, { onProgress, revokedKeys });
      return { accepted: result.verdict === 'accept', json: JSON.stringify(result) };
    }
    const trusted = ({ trust }) => keys.length === 0 || trust === 'pinned';
    if (command === 'inspect') {
      const result = await inspect(source(file), { trustedKeys: keys, revokedKeys });
      return { accepted: result.authenticated && trusted(result.report), json: JSON.stringify(result) };
    }
    const json = await verifyJson(source(file), { trustedKeys: keys, revokedKeys, onProgress });
    const report = JSON.parse(json);
    // Nothing is wrong, but anybody can have replaced what the signature does not cover: neither 0 nor 1 would say that.
    const onlyIntact = report.verdict.word === 'in_part' && trusted(report);
    return { accepted: report.ok && trusted(report), onlyIntact, json };
  } catch (error) {
    return { error: { code: error.code ?? 'internal', message: error.message } };
  }
}

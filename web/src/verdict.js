// What a report means, in words. The facts are the engine's; a good signature by a key that nobody named is not success, and
// neither is one that does not cover launcher and content.

import { plural, short } from './quantities.js';

/** Verdicts, by what they look like: `trusted` is the only one that may look like success. */
const WORDS = {
  trusted: 'Trusted signer',
  unknown: 'Intact, unknown signer',
  unsigned: 'Not signed',
  invalid: 'Invalid',
  waiting: 'Checking',
};

/** What each state of the bytes proves, and what it leaves open. */
const PROVED = {
  sealed: {
    proves: 'Every byte of the file is determined by what was signed.',
    open: [],
  },
  bound: {
    proves: 'Launcher and every slot match a full SHA-256 in the signed metadata, and every field of index and table follows from them.',
    open: ['The stored form of the metadata and a few locations can be re-encoded without changing what they say.'],
  },
  intact: {
    proves: 'All checksums match, and whatever digests were signed match.',
    open: ['Some bytes are named by nothing that is signed: the byte map shows which.'],
  },
};

const HARMLESS = 'Whether the program is harmless, or the newest version: no signature says that.';

/**
 * The verdict on a report: `{ kind, word, sentence, proved[], open[] }`. `hostile` are the findings that make its
 * contents hostile, `entries` how many entries of its archives were looked at, `null` where none were.
 */
export function verdict(report, hostile = [], entries = null) {
  const signer = report.signer && short(report.signer.fingerprint);
  const errors = report.findings.filter((finding) => finding.severity === 'error');
  if (errors.some((finding) => finding.code === 'trailer.missing' || finding.code === 'trailer.start_magic')) {
    return made('invalid', 'No package ends where this file ends: it is something else, or it was cut off or added to.', [], [
      'Anything about this file.',
    ], 'Not a package');
  }
  if (report.state === 'broken') {
    const more = errors.length > 1 ? ` and ${errors.length - 1} more` : '';
    return made('invalid', `This file is not what its signer made (${errors[0]?.part ?? 'package'}${more}). Do not run it.`, [], [
      'Nothing is proved of a broken package: whatever it says below may be made up.',
    ]);
  }
  if (report.trust === 'revoked') {
    return made('invalid', `Signed with key ${signer}, which you have revoked: whoever got hold of it may have made this file. Do not run it.`, [], [
      'Anything about this file: a revoked key vouches for nothing.',
    ], 'Revoked key');
  }
  if (hostile.length > 0) {
    return made('invalid', `The bytes are as they were signed, but the contents reach for more than they should when unpacked (${plural(hostile.length, 'finding')}). Do not run it.`,
      [PROVED[report.state]?.proves].filter(Boolean), [HARMLESS], 'Unsafe contents');
  }
  if (report.trust === 'unsigned') {
    return made('unsigned', 'Nobody vouches for this file: the checksums match, but whoever changes the file can change them too.',
      ['The file was not damaged by accident.'], ['Who made it.', 'That nobody changed it.', HARMLESS]);
  }
  const { proves, open } = PROVED[report.state] ?? { proves: '', open: [] };
  if (report.state === 'partial') {
    return made('waiting', 'The signature is good; launcher and content have not been read.',
      ['The metadata are as the key signed them.'], ['Anything about launcher and slots.', HARMLESS], 'Only the head was checked');
  }
  if (report.state === 'intact') {
    const open = report.findings.find((finding) => finding.code === 'signature.coverage')?.message;
    return made('unknown', `Key ${signer} signed this only in part${open ? `: ${open}` : ''}. Anybody can have put another program there: do not run it unless you have it from where you trust.`,
      [proves, report.trust === 'unknown_key' ? 'The signature is valid.' : 'The signature is valid, and by a key that you trust.'],
      [...PROVED.intact.open, 'That the launcher and the content are what the signer made.', HARMLESS], 'Signed only in part');
  }
  const content = entries !== null && `Its archives hold ${plural(entries, 'entry', 'entries')}: none leaves its folder, sets a user id, or is a device.`;
  const bytes = report.state === 'sealed' ? 'Every byte' : 'Launcher and content';
  const are = report.state === 'bound' ? 'are exactly what' : 'is exactly what';
  if (report.trust === 'unknown_key') {
    return made('unknown', `${bytes} ${are} the holder of key ${signer} signed. Nobody has told this page who that is: anyone can make a key.`,
      [proves, 'The signature is valid.', content].filter(Boolean), ['Who made it: the key is not one that you trust.', ...open, HARMLESS]);
  }
  return made('trusted', `${bytes} ${are} the holder of key ${signer} signed, and you trust that key.`,
    [proves, 'The signature is valid, and by a key that you trust.', content].filter(Boolean), [...open, HARMLESS]);
}

function made(kind, sentence, proved, open, word = WORDS[kind]) {
  return { kind, word, sentence, proved, open };
}

/** The verdict while the content is being read. */
export function waiting(inspection) {
  const report = inspection?.report;
  const sentence = !report
    ? 'Reading the end of the file…'
    : report.findings.some((finding) => finding.severity === 'error')
      ? 'Something does not hold already; reading the rest.'
      : 'What the file says of itself is below. Nothing is proved until every byte has been read.';
  return made('waiting', sentence, [], []);
}

/** Protection classes of the coverage map, in the order of their strength. */
export const PROTECTION = {
  authenticated: { word: 'Signed', means: 'no other bytes would pass' },
  checked: { word: 'Checked, not signed', means: 'whoever changes these bytes can change the check too' },
  unprotected: { word: 'Unprotected', means: 'any bytes would pass here, or these did not' },
};

// How the engine's verdict looks and reads here. The word is the engine's (docs/commands.md); nothing here finds one.

import { el, icon } from './dom.js';
import { shown } from './hostile-text.js';
import { day, grouped, size } from './quantities.js';
import { keyOf } from './trusted-keys.js';

/** Look, badge and icon of each word. Only `trusted` may look like success. */
const LOOKS = {
  trusted: ['good', 'Trusted signer', 'trusted'],
  unknown: ['care', 'Unknown signer', 'unknown'],
  in_part: ['care', 'Signed only in part', 'unknown'],
  unsigned: ['calm', 'Not signed', 'unsigned'],
  changed: ['bad', 'Changed since signing', 'changed'],
  damaged: ['bad', 'Damaged', 'changed'],
  revoked: ['bad', 'Revoked key', 'changed'],
  unsafe: ['bad', 'Unsafe contents', 'hazard'],
  not_package: ['calm', 'Not a package', 'file'],
  unfinished: ['wait', 'Not checked to the end', 'undone'],
};

/** Phases in which the engine works. */
export const isBusy = (item) => item.phase === 'reading' || item.phase === 'verifying';

/** Look, badge and icon of an item at this moment. */
export function looks(item) {
  const { verdict } = item.full ?? {};
  if (item.phase === 'failed') return { look: 'bad', badge: 'Could not be read', icon: 'changed' };
  if (isBusy(item)) return { look: 'wait', badge: 'Checking', icon: 'turning' };
  const good = ['trusted', 'unknown', 'in_part', 'unsigned'].includes(verdict?.word);
  if (!verdict || (good && !verdict.finished)) return { look: 'wait', badge: 'Not checked to the end', icon: 'undone' };
  const [look, badge, name] = LOOKS[verdict.word];
  return { look, badge, icon: name };
}

/** The verdict as a badge. */
export function badge(item, { id, soft = false, note = '' } = {}) {
  const { look, badge: word, icon: name } = looks(item);
  const dashed = look === 'wait' && name === 'undone';
  return el('span', { class: `badge is-${look} ${soft ? 'soft' : ''} ${dashed ? 'dashed' : ''}`, id }, icon(name, name === 'turning' ? 'turns' : ''), word, note);
}

const HARMLESS = 'It does not prove that the program is harmless, or the newest version.';

/** The digits by which a key is named in a sentence. */
export const digits = (fingerprint) => el('b', { class: 'mono' }, `${grouped(fingerprint.slice(0, 16))}…`);

/** Whose key it is, as far as the reader has said. */
export function signerName(item) {
  const fingerprint = item.report?.signer?.fingerprint;
  if (!fingerprint) return null;
  if (item.sample?.trustedKey === fingerprint) return { name: 'the publisher of the samples', sample: true };
  const key = keyOf(fingerprint);
  return key && { name: key.name || 'a key without a name', since: key.since };
}

/** The sentence on who or what, and the one on what it proves. */
export function sentences(item) {
  const { verdict } = item.full ?? {};
  const open = (...keys) => verdict?.open.find(({ key }) => keys.includes(key))?.text;
  if (item.phase === 'failed') return [el('b', {}, 'The file could not be read.'), shown(item.error?.message ?? '')];
  if (isBusy(item)) return ['Nothing can be said of this file yet.', 'Name and version stand in its metadata. You can decide about the signer when all four steps have ended.'];
  if (!verdict) {
    const { done, total } = item.progress;
    return [['You stopped the check after ', el('b', {}, `${size(Math.min(done, total))} of ${size(total)}`), '. Nothing can be said of this file.'],
      'Whether the file is what was signed is not known.'];
  }
  const left = open('contents.not_asked', 'contents.over_limit', 'contents.unfinished');
  if (left && ['trusted', 'unknown', 'in_part', 'unsigned'].includes(verdict.word)) return [['Its bytes were checked, ', el('b', {}, 'its contents were not'), '.'], `Not proved: ${left}`];
  const every = item.full.state === 'sealed' ? 'Every byte is' : 'Launcher and contents are';
  const signer = signerName(item);
  switch (verdict.word) {
    case 'trusted': return [['Signed by ', el('b', {}, shown(signer?.name ?? 'a key that you trust', 80)), signer?.sample ? ', which is trusted for this sample.' : signer?.since ? `, a key you trusted on ${day(signer.since)}.` : ', a key that you trust.'],
      `${every} exactly what they signed. This proves who made it. ${HARMLESS}`];
    case 'unknown': return [['Signed by an unknown key, ', digits(verdict.who)],
      `${every} exactly what the holder of that key signed, but nobody has told this page who that is. Anyone can make a key: compare it with the one that the publisher gives.`];
    case 'in_part': return [[el('b', {}, 'Signed only in part'), ' by ', signer ? shown(signer.name, 80) : ['an unknown key, ', digits(verdict.who)], '. Do not run it unless you trust where it came from.'],
      open('bytes.uncovered') ?? '']; 
    case 'unsigned': return [[el('b', {}, 'Nobody vouches for this file.'), ' Its checksums match, but whoever changes the file can change them, too.'],
      'It was not damaged by accident. Who made it, and whether it is what they made, cannot be told from the file.'];
    case 'unsafe': return [[el('b', {}, 'A start would refuse what is in it.'), ' Do not run it.'],
      'The bytes are as they were signed, so this is no damage on the way. A key cannot be trusted from a package with unsafe contents.'];
    case 'revoked': return [['Signed with a key that ', el('b', {}, 'you have revoked'), '. Do not run it.'], 'Whoever got hold of that key may have made this file.'];
    case 'changed': return [[el('b', {}, changedPart(item)), ' Do not run it.'],
      'It may be damaged, or someone may have altered it. Fetch it again from where it was published, and ask the publisher if it fails again.'];
    case 'damaged': return [[el('b', {}, 'This file contradicts itself.'), ' Do not run it.'], 'Nobody signed it, and its parts do not fit each other.'];
    default: return [verdict.text, ''];
  }
}

function changedPart(item) {
  const parts = item.differing();
  if (parts.length === 0) return 'This is not what its signer made.';
  const [{ name, bytes }] = parts;
  const more = parts.length > 1 ? ` and ${parts.length - 1} more` : '';
  return parts.length > 1 ? `The part ${name}${more} were changed after they were signed.` : `The part ${name} (${size(bytes)}) was changed after it was signed.`;
}

/** Protection classes of the byte map, in the order of their strength. */
export const PROTECTION = {
  authenticated: { word: 'Signed', means: 'no other bytes would pass' },
  checked: { word: 'Checked, not signed', means: 'whoever changes them can change the check' },
  unprotected: { word: 'Not protected', means: 'any bytes would pass here' },
  failed: { word: 'Does not match', means: 'these are not the bytes that should be here' },
};

// The four steps of a check, lit one after the other. A step that is not done stays visibly undone, with the reason.

import { el, icon, svg } from './dom.js';
import { plural, size } from './quantities.js';
import { isBusy, signerName } from './verdict.js';
import { shown } from './hostile-text.js';

const NAMES = ['Signature', 'Every byte', 'Contents', 'Signer'];
const QUESTIONS = ['Is the list of contents signed?', 'Is each one what was signed?', 'Does any entry reach too far?', 'Is it a key that you trust?'];

const UNDONE = {
  not_reached: ['not done', 'An earlier step did not hold.'],
  not_asked: ['not done', 'Nobody asked for it.'],
  over_limit: ['not done', 'There is more than this page looks at by itself.'],
  unfinished: ['stopped', 'It was ended early.'],
};

/** How each step stands: `{ kind, word, text, percent }`. */
export function standing(item) {
  if (isBusy(item)) return running(item);
  const { full } = item;
  if (!full) return stopped(item);
  const { stages } = full.verdict;
  const errors = full.findings.filter(({ severity }) => severity === 'error');
  const refused = errors.filter(({ path }) => path !== undefined).length;
  const { entries } = full.contents;
  const signer = signerName(item);
  const undone = (stage, [word, text] = UNDONE[stage] ?? ['not done', '']) => ({ kind: 'undone', word, text });
  const differ = full.coverage.filter((part) => part.class === 'failed').reduce((sum, { range }) => sum + range.end - range.start, 0);
  const sealed = full.verdict.proved.some(({ key }) => key === 'bytes.sealed' || key === 'bytes.bound');
  return [
    {
      done: { kind: 'done', word: 'valid', text: 'Ed25519, over the list of contents.' },
      failed: { kind: 'failed', word: 'not valid', text: 'The list of contents is not what this key signed.' },
      missing: { kind: 'undone', word: 'none', text: 'The file carries no signature.' },
    }[stages.signature] ?? undone(stages.signature),
    {
      done: { kind: 'done', word: size(full.size), text: sealed ? 'Each one is what was signed.' : stages.signature === 'missing' ? 'Checksums match; they are not signed.' : 'All match; not all of them are signed.' },
      failed: { kind: 'failed', word: differ ? `${size(differ)} differ` : 'they differ', text: 'These are not the bytes that were signed.' },
    }[stages.bytes] ?? undone(stages.bytes),
    {
      done: { kind: 'done', word: entries ? plural(entries, 'entry', 'entries') : 'single files', text: 'Nothing leaves its folder or takes another’s place.' },
      failed: { kind: 'failed', word: refused ? `${refused} refused` : 'refused', text: 'A start would refuse them.' },
    }[stages.contents] ?? undone(stages.contents, stages.bytes === 'failed' ? ['not done', 'These are not the bytes that were signed.'] : undefined),
    stages.contents === 'failed' ? undone('', ['not judged', 'Not asked while the contents are unsafe.']) : {
      done: { kind: 'done', word: shown(signer?.name ?? 'trusted', 40), text: 'A key that you trust.' },
      failed: { kind: 'failed', word: 'revoked', text: 'You have revoked this key.' },
      unknown: { kind: 'asks', word: 'unknown', text: 'You have not said whose key this is.' },
      missing: { kind: 'undone', word: 'nobody', text: 'There is no key to know.' },
    }[stages.signer] ?? undone('', ['not judged', 'Nobody signed this file as it is.']),
  ];
}

function running(item) {
  const waiting = (from) => QUESTIONS.slice(from).map((text) => ({ kind: 'wait', word: '', text }));
  if (item.phase === 'reading') return [{ kind: 'runs', word: 'reading', text: 'The end of the file.', percent: 50 }, ...waiting(1)];
  const { done, total } = item.progress;
  const bytes = item.file.size;
  const signed = item.inspection?.report.verdict.stages.signature;
  const first = signed === 'done' ? { kind: 'done', word: 'valid', text: 'Ed25519, over the list of contents.' }
    : { kind: 'undone', word: signed === 'missing' ? 'none' : 'not valid', text: signed === 'missing' ? 'The file carries no signature.' : 'The list of contents is not what this key signed.' };
  if (done < bytes || total <= bytes) {
    const percent = bytes ? Math.min(100, Math.floor((100 * done) / bytes)) : 100;
    return [first, { kind: 'runs', word: `${percent} %`, text: `${size(Math.min(done, bytes))} of ${size(bytes)} read and compared.`, percent }, ...waiting(2)];
  }
  const percent = Math.floor((100 * (done - bytes)) / (total - bytes));
  return [first, { kind: 'done', word: size(bytes), text: 'All of them were read.' }, { kind: 'runs', word: `${percent} %`, text: 'Names, modes and links are looked at.', percent }, ...waiting(3)];
}

function stopped(item) {
  const { done } = item.progress;
  const bytes = item.file.size;
  const part = bytes ? Math.min(100, Math.floor((100 * done) / bytes)) : 0;
  const undone = (word, text) => ({ kind: 'undone', word, text });
  const signed = item.inspection?.report.verdict.stages.signature === 'done';
  return [signed ? { kind: 'done', word: 'valid', text: 'Ed25519, over the list of contents.' } : undone('not done', 'It was not read.'),
    part === 100 ? undone('not told', 'The check ended before its result.') : undone(`stopped at ${part} %`, `${size(Math.max(0, bytes - done))} were not read.`),
    undone('not done', 'No name was looked at.'), undone('not done', 'Not judged: the file is not known.')];
}

const DOTS = { done: 'done', failed: 'failed', asks: 'asks', undone: 'undone' };

/** The four steps. */
export function ladder(item) {
  const steps = standing(item);
  return el('ol', { class: 'steps', 'aria-label': 'The check, step by step' }, steps.map(({ kind, word, text, percent }, at) => {
    const gap = steps[at + 1]?.kind === 'undone' && kind !== 'done';
    return el('li', { class: `step ${kind} ${gap ? 'gap' : ''}` },
      el('span', { class: 'dot' }, kind === 'runs' ? ring(percent) : DOTS[kind] && icon(DOTS[kind])),
      el('div', {}, el('strong', {}, NAMES[at], word !== '' && el('small', {}, word)), el('p', {}, text),
        kind === 'runs' && el('div', { class: 'bar', role: 'progressbar', 'aria-valuenow': percent, 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-label': NAMES[at] }, el('i', { style: { width: `${percent}%` } }))));
  }));
}

function ring(percent) {
  const circle = (name, more) => svg('circle', { class: name, cx: 16, cy: 16, r: 13.5, ...more });
  return svg('svg', { class: 'ring', viewBox: '0 0 32 32', 'aria-hidden': 'true' }, circle('whole', {}), circle('so-far', { pathLength: 100, 'stroke-dasharray': `${percent} 100` }));
}

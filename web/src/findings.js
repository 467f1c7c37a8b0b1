// The findings of a report, and the digests of parts that are not what was signed.

import { el, icon } from './dom.js';
import { shown } from './hostile-text.js';
import { span } from './quantities.js';

const WORDS = { error: 'Error', warning: 'Warning', info: 'Note' };
const ICONS = { error: 'hazard', warning: 'hazard', info: 'asks' };

/** Findings that are drawn; the exported report has all. */
const SHOWN_MAX = 200;

const pair = (digest) => digest.match(/.{4}/g);

/** Two digests beside each other, with the groups marked that differ. */
export function digests(expected, found) {
  const box = (title, name, own, other, classes) => el('div', { class: `digest-box ${classes}` }, el('h3', {}, icon(name), title),
    el('div', { class: 'groups' }, pair(own).map((group, at) => el(group === pair(other)[at] ? 'span' : 'mark', {}, group))));
  return el('div', { class: 'digests' }, box('Expected, as signed', 'done', expected, found, ''), box('Found in this file', 'failed', found, expected, 'found'));
}

/** A path with its folder dimmed. */
export function path(text) {
  const at = text.lastIndexOf('/') + 1;
  return el('bdi', { class: 'file', dir: 'ltr' }, el('span', { class: 'dim' }, shown(text.slice(0, at), 120)), el('b', {}, shown(text.slice(at), 160)));
}

/** The list of findings. */
export function findings(report) {
  const list = report.findings;
  if (list.length === 0 && report.verdict.word === 'trusted' && report.verdict.finished) return el('p', { class: 'empty' }, 'Nothing was found wrong, and nothing is weaker than it should be.');
  if (list.length === 0) return el('p', { class: 'empty' }, 'No finding. What is not proved stands with the verdict.');
  return el('ul', { class: 'findings' }, list.slice(0, SHOWN_MAX).map((finding) => el('li', { class: `is-${finding.severity}` }, icon(ICONS[finding.severity]),
    el('div', {}, finding.path !== undefined && path(finding.path), el('p', {}, el('span', { class: 'visually-hidden' }, `${WORDS[finding.severity]}: `), shown(finding.message, 400)),
      el('p', { class: 'dim' }, shown(finding.part, 80), finding.range && `, bytes ${span(finding.range)}`, ' · ', el('code', {}, finding.code))))),
  list.length > SHOWN_MAX && el('li', { class: 'dim' }, `and ${list.length - SHOWN_MAX} more`));
}

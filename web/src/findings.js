// The findings of a report.

import { el, icon } from './dom.js';
import { shown } from './hostile-text.js';
import { span } from './quantities.js';

const WORDS = { error: 'Error', warning: 'Warning', info: 'Note' };

/** Findings that are drawn; the exported report has all. */
const SHOWN_MAX = 200;

/** The list of findings, with what the opened contents added. */
export function findings(report, content) {
  const list = report.findings.concat(content ?? []);
  if (list.length === 0) return el('p', { class: 'empty' }, icon('trusted'), 'Nothing was found wrong, and nothing is weaker than it should be.');
  return el('ul', { class: 'findings' }, list.slice(0, SHOWN_MAX).map((finding) => el('li', { class: `is-${finding.severity}` },
    el('span', { class: 'severity' }, WORDS[finding.severity] ?? finding.severity),
    el('div', {}, el('p', {}, shown(finding.message, 400)),
      el('p', { class: 'dim' }, shown(finding.part, 80), finding.path !== undefined && [', ', shown(finding.path, 120)], finding.range && `, bytes ${span(finding.range)}`, ' · ', el('code', {}, finding.code))))),
  list.length > SHOWN_MAX && el('li', { class: 'dim' }, `and ${list.length - SHOWN_MAX} more`));
}

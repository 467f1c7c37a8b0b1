// The report as one HTML file that needs nothing else: what a reader may keep or send.

import { plain } from './hostile-text.js';
import { count } from './quantities.js';

/** Markup characters of a text as references. */
const escaped = (text, max = 4000) => plain(text, max).replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);

const STYLE = 'body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#15181d}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:4px 12px 4px 0;border-bottom:1px solid #ddd;vertical-align:top;overflow-wrap:anywhere}code{overflow-wrap:anywhere}';

/** The file's text. `engine` is the digest of the engine that checked, `badge` the verdict's words. */
export function reportFile(item, { badge, engine, version, now = new Date() }) {
  const { full: report } = item;
  const table = (rows) => `<table>${rows.map(([name, ...values]) => `<tr><th>${name}</th>${values.map((value) => `<td>${value}</td>`).join('')}</tr>`).join('')}</table>`;
  const list = (all) => (all.length ? `<ul>${all.map((text) => `<li>${escaped(text)}</li>`).join('')}</ul>` : '<p>Nothing.</p>');
  const { verdict, package: about, signer } = report;
  const entries = [...item.listings].flatMap(([slot, files]) => files.map((file) => [String(slot), escaped(file.path), file.type, count(file.size), `<code>${file.sha256 ?? ''}</code>`]));
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${escaped(badge)}: ${escaped(item.file.name)}</title><style>${STYLE}</style>
<h1>${escaped(about?.name ?? item.file.name)} ${escaped(about?.version ?? '')}</h1><p><strong>${escaped(badge)}</strong>: ${escaped(verdict.text)}</p>
${table([['File', escaped(item.file.name)], ['Size', `${count(report.size)} bytes`], ['SHA-256', `<code>${item.sha256 ?? 'not computed'}</code>`], ['Signing key', `<code>${signer?.fingerprint ?? 'none'}</code>`],
    ['Checked', escaped(now.toISOString())], ['Engine', `version ${escaped(version)}, SHA-256 <code>${escaped(engine)}</code>`], ...Object.entries(verdict.stages).map(([name, stage]) => [escaped(`Step: ${name}`), escaped(stage.replaceAll('_', ' '))])])}
<h2>What is proved</h2>${list(verdict.proved.map(({ text }) => text))}<h2>What is not proved</h2>${list(verdict.open.map(({ text }) => text))}
<h2>Findings</h2>${report.findings.length ? table(report.findings.map(({ severity, code, part, path, message }) => [severity, `<code>${escaped(code)}</code>`, escaped(path === undefined ? part : `${part}, ${path}`), escaped(message)])) : '<p>None.</p>'}
<h2>Bytes</h2>${table(report.coverage.map(({ range, part, class: protection, reason }) => [`${count(range.start)}–${count(range.end - 1)}`, escaped(part), escaped(protection), escaped(reason)]))}
<h2>Contents</h2>${entries.length ? table(entries) : '<p>No archive was listed.</p>'}
<h2>The report as the engine wrote it</h2><pre style="white-space:pre-wrap;overflow-wrap:anywhere">${escaped(item.json, Infinity)}</pre></html>
`;
}

import { printable, size, table } from './terminal.js';

const COLOUR = { error: 'red', warning: 'yellow', info: 'dim' };
const TRUST = { unsigned: 'not signed', unknown_key: 'unknown key', pinned: 'trusted key', in_store: 'trusted key', revoked: 'revoked key' };

const signer = (report) => report.signer?.fingerprint.slice(0, 16) ?? '-';

function finding(style, { severity, code, part, path, message }) {
  const where = path === undefined ? part : `${part}, ${path}`;
  return `  ${style(COLOUR[severity], severity)} ${code} (${printable(where)}): ${printable(message)}`;
}

const LOOK = { trusted: 'green', unknown: 'yellow', in_part: 'yellow' };

/** What the core says of a report. */
function verdict({ verdict: { word, text } }) {
  return [LOOK[word] ?? 'red', word === 'in_part' ? `only ${text}: its launcher or content can have been replaced` : text];
}

function ofReport(style, file, report, sentence = verdict(report)) {
  const lines = [`${printable(file)}: ${style(...sentence)}`, ...report.findings.map((item) => finding(style, item))];
  if (report.package) {
    const { name, version, builder } = report.package;
    lines.push(`  ${printable(name)} ${printable(version)}, built by ${printable(builder)}, ${report.slots.length} slots, ${size(report.size)}`);
  }
  return lines;
}

const shown = {
  verify: (style, file, report) => ofReport(style, file, report),
  inspect(style, file, { report, launcher, metadata, authenticated }) {
    const sentence = authenticated ? ['yellow', `head authentic, ${TRUST[report.trust]} ${signer(report)}…; content not read`] : verdict(report);
    const lines = ofReport(style, file, report, sentence);
    if (launcher) lines.push(`  launcher ${launcher.format} ${launcher.arch}, ${size(launcher.size)}`);
    if (typeof metadata?.execution?.command === 'string') lines.push(`  command ${printable(metadata.execution.command)}`);
    for (const slot of report.slots) {
      lines.push(`  slot ${slot.index} ${printable(slot.id)}: ${printable(slot.operations)}, ${size(slot.range.end - slot.range.start)}, to ${printable(slot.target)}`);
    }
    return lines;
  },
  scan(style, file, result) {
    const sentence = result.verdict === 'accept' ? ['green', 'accept'] : ['red', 'reject'];
    const { entries, unpacked } = result.counts;
    return [
      `${printable(file)}: ${style(...sentence)}`,
      ...result.findings.map((item) => finding(style, item)),
      `  ${result.report.state}, ${TRUST[result.report.trust]} ${signer(result.report)}; ${entries} entries, ${size(unpacked)} unpacked`,
    ];
  },
  ls(style, file, { slots, report }) {
    if (report) return ofReport(style, file, report);
    return slots.flatMap(({ slot, id, files, operations }) => [
      style('bold', `${printable(file)} slot ${slot} ${printable(id)}`) + (operations ? `  (${printable(operations)}, no archive)` : ''),
      ...files.map(({ type, mode, size: bytes, path, target }) => {
        const kind = { file: '-', directory: 'd', symlink: 'l', hardlink: 'h' }[type];
        return `${kind}${mode.toString(8).padStart(4, '0')} ${String(bytes).padStart(12)} ${printable(path)}${target === undefined ? '' : ` -> ${printable(target)}`}`;
      }),
    ]);
  },
};

/** What a person reads of one file. */
export function human(style, command, file, { error, json }) {
  if (error) return `${printable(file)}: ${style('red', 'error')} ${error.code}: ${printable(error.message)}`;
  return shown[command](style, file, JSON.parse(json)).join('\n');
}

/** One row for each file, where there are several. */
export function summary(style, rows) {
  const head = ['FILE', 'RESULT', 'STATE', 'SIGNER', 'ERRORS', 'WARNINGS'].map((word) => style('bold', word));
  const lines = rows.map(({ file, accepted, error, json }) => {
    if (error) return [printable(file), style('red', 'unreadable'), '-', '-', error.code, '-'];
    const document = JSON.parse(json);
    const report = document.report ?? document;
    const count = (severity) => String((document.findings ?? report.findings).filter((item) => item.severity === severity).length);
    const result = accepted ? style('green', 'accepted') : style('red', 'refused');
    return [printable(file), result, report.state, signer(report), count('error'), count('warning')];
  });
  return table([head, ...lines]);
}

import { shownName } from './url.js';

const LEVEL = { error: 'error', warning: 'warning', info: 'note' };
/** Longest message that GitHub takes, in characters. */
const MESSAGE_MAX = 1000;

/** What a file is called in SARIF: a URI reference (RFC 3986), never with a password. */
function uriOf(file) {
  const name = shownName(file).replace('://***@', '://');
  if (/^https?:\/\//i.test(name) && URL.canParse(name)) return new URL(name).href;
  // Text of files whose names are not Unicode may have halves of characters.
  const whole = name.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
  const path = whole.split('/').map(encodeURIComponent).join('/');
  return path.startsWith('/') ? `file://${path.replace(/^\/+/, '/')}` : path;
}

/** The same finding of another scan has the same: what it is about, as text, the last of it where that is long. */
function fingerprint(...parts) {
  return `${parts.map((part) => encodeURIComponent(part.toWellFormed?.() ?? part)).join(':').slice(-200)}:1`;
}

/** What a rule is about, from docs/findings.md; of those without a row of their own by the first word. */
function about(code) {
  return PSPF_RULES[code] ?? PSPF_RULES[`${code.split('.')[0]}.*`] ?? 'see the message of the finding';
}

function rule(id) {
  const text = about(id);
  const sentence = `${text[0].toUpperCase()}${text.slice(1)}.`;
  return {
    id,
    name: id.replace(/(^|[._])([a-z])/g, (_, __, letter) => letter.toUpperCase()),
    shortDescription: { text: sentence.length > 255 ? `${sentence.slice(0, 254)}…` : sentence },
    fullDescription: { text: sentence },
    help: { text: `${sentence} Every code is listed in docs/findings.md.`, markdown: `${sentence} Every code is listed in \`docs/findings.md\`.` },
    properties: { tags: ['security'] },
  };
}

function place(file, size, finding) {
  const range = finding.range ?? { start: 0, end: size };
  // A package has no lines; GitHub shows nothing that has none.
  const region = { startLine: 1, startColumn: 1, endLine: 1, endColumn: 2, byteOffset: range.start, byteLength: range.end - range.start };
  const name = finding.path ? `${finding.part}/${finding.path}` : finding.part;
  return {
    physicalLocation: { artifactLocation: { uri: uriOf(file) }, region },
    logicalLocations: [{ fullyQualifiedName: name, kind: finding.path ? 'resource' : 'module' }],
  };
}

/** SARIF 2.1.0 of scan results (OASIS, "Static Analysis Results Interchange Format"), as GitHub takes it. */
export function sarif(results) {
  const rules = new Map();
  const index = (code) => {
    if (!rules.has(code)) rules.set(code, rules.size);
    return rules.get(code);
  };
  const entry = (file, size, finding) => ({
    ruleId: finding.code,
    ruleIndex: index(finding.code),
    level: LEVEL[finding.severity],
    message: { text: finding.message.length > MESSAGE_MAX ? `${finding.message.slice(0, MESSAGE_MAX - 1)}…` : finding.message },
    locations: [place(file, size, finding)],
    partialFingerprints: { primaryLocationLineHash: fingerprint(finding.code, uriOf(file), finding.part, finding.path ?? '') },
  });
  const unread = ({ code, message }) => ({ code, severity: 'error', part: 'package', message });
  const summary = ({ report: { verdict, ok } }) => (verdict ? { properties: { verdict: { ok, word: verdict.word, sentence: verdict.sentence, finished: verdict.finished, text: verdict.text } } } : {});
  const entries = results.flatMap(({ file, result, error }) =>
    error ? [entry(file, 0, unread(error))] : result.findings.map((finding) => entry(file, result.report.size, finding)),
  );
  const notifications = results
    .filter(({ error }) => error)
    .map(({ file, error }) => ({
      level: 'error',
      descriptor: { id: error.code },
      message: { text: error.message },
      locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file) } } }],
    }));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'pspf', semanticVersion: PSPF_VERSION, rules: [...rules.keys()].map(rule) } },
        automationDetails: { id: 'pspf/' },
        invocations: [{ executionSuccessful: notifications.length === 0, toolExecutionNotifications: notifications }],
        columnKind: 'utf16CodeUnits',
        artifacts: results.map(({ file, result }) => ({ location: { uri: uriOf(file) }, ...(result ? { length: result.report.size, ...summary(result) } : {}) })),
        results: entries,
      },
    ],
  };
}

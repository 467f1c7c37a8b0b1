const LEVEL = { error: 'error', warning: 'warning', info: 'note' };

function place(file, finding) {
  const physicalLocation = { artifactLocation: { uri: encodeURI(file) } };
  if (finding.range) {
    physicalLocation.region = { byteOffset: finding.range.start, byteLength: finding.range.end - finding.range.start };
  }
  const name = finding.path ? `${finding.part}/${finding.path}` : finding.part;
  return { physicalLocation, logicalLocations: [{ fullyQualifiedName: name, kind: finding.path ? 'resource' : 'module' }] };
}

/** SARIF 2.1.0 of scan results (OASIS, "Static Analysis Results Interchange Format"). */
export function sarif(results) {
  const rules = new Map();
  const entries = results.flatMap(({ file, result }) =>
    result.findings.map((finding) => {
      if (!rules.has(finding.code)) rules.set(finding.code, rules.size);
      return {
        ruleId: finding.code,
        ruleIndex: rules.get(finding.code),
        level: LEVEL[finding.severity],
        message: { text: finding.message },
        locations: [place(file, finding)],
      };
    }),
  );
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'pspf', version: PSPF_VERSION, rules: [...rules.keys()].map((id) => ({ id })) } },
        columnKind: 'utf16CodeUnits',
        artifacts: results.map(({ file, result }) => ({ location: { uri: encodeURI(file) }, length: result.report.size })),
        results: entries,
      },
    ],
  };
}

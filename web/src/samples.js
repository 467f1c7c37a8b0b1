// The built-in sample packages.

import { sampleBytes, samplePackages } from 'built:samples';

const LOOKS = { sealed: 'unknown', broken: 'invalid', intact: 'unsigned' };

/** The samples: `{ title, description, look, trustedKey, file() }`. */
export function samples() {
  let start = 0;
  return samplePackages.list.map((sample) => {
    const range = [start, start + sample.size];
    start = range[1];
    const hostile = sample.title === 'Hostile paths';
    return {
      title: sample.title,
      description: sample.description,
      look: hostile ? 'invalid' : sample.state === 'sealed' && sample.trusted ? 'trusted' : LOOKS[sample.state],
      trustedKey: sample.trusted ? samplePackages.publisher : null,
      file: async () => new File([(await sampleBytes()).slice(...range)], sample.file),
    };
  });
}

// The built-in sample packages, named by what people ask.

import { sampleBytes, samplePackages } from 'built:samples';

const QUESTIONS = {
  Good: ['What does a good package look like?', 'good', 'trusted'],
  'Unknown key': ['What if I don’t know the signer?', 'care', 'unknown'],
  Tampered: ['What does tampering look like?', 'bad', 'changed'],
  'Not signed': ['What if nobody signed it?', 'calm', 'unsigned'],
  'Hostile paths': ['What can contents do to me?', 'bad', 'hazard'],
};

/** The samples: `{ title, question, description, look, icon, compared, trustedKey, file() }`; those without a question are for comparing. */
export function samples() {
  let start = 0;
  return samplePackages.list.map((sample) => {
    const range = [start, start + sample.size];
    start = range[1];
    const [question, look, icon] = QUESTIONS[sample.title] ?? [];
    return {
      title: sample.title, question, look, icon,
      compared: sample.title === 'Good' || sample.title === 'Older version',
      description: sample.description,
      trustedKey: sample.trusted ? samplePackages.publisher : null,
      file: async () => new File([(await sampleBytes()).slice(...range)], sample.file),
    };
  });
}

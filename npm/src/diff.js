/** Changes between two JSON values, leaf by leaf. */
export function changes(before, after, path = '') {
  if (before === after) return [];
  const parts = (value) => (value !== null && typeof value === 'object' ? value : undefined);
  const [left, right] = [parts(before), parts(after)];
  if (left && right && Array.isArray(left) === Array.isArray(right)) {
    const names = Array.isArray(left)
      ? Array.from({ length: Math.max(left.length, right.length) }, (_, index) => index)
      : [...new Set([...Object.keys(left), ...Object.keys(right)])];
    return names.flatMap((name) => {
      const at = typeof name === 'number' ? `${path}[${name}]` : path ? `${path}.${name}` : name;
      const own = (value) => (Object.hasOwn(value, name) ? value[name] : undefined);
      return changes(own(left), own(right), at);
    });
  }
  const change = { path };
  if (before !== undefined) change.before = before;
  if (after !== undefined) change.after = after;
  return [change];
}

async function files(list) {
  const found = new Map();
  for await (const entry of list) found.set(entry.path, entry);
  return found;
}

/** What is not the same on both sides, in the order of the names. */
function pairs(before, after, same) {
  const found = [];
  for (const [key, left] of before) {
    const right = after.get(key);
    if (!right) found.push({ key, change: 'removed', before: left });
    else if (!same(left, right)) found.push({ key, change: 'changed', before: left, after: right });
  }
  for (const [key, right] of after) {
    if (!before.has(key)) found.push({ key, change: 'added', after: right });
  }
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

const sameEntry = (left, right) => changes(left, right).length === 0;

/** Slots by identifier; a repeated one, which only a faulty package has, gets its number. */
function slots(inspection) {
  const found = new Map();
  for (const slot of inspection.report.slots) {
    found.set(found.has(slot.id) ? `${slot.id}#${slot.index}` : slot.id, slot);
  }
  return found;
}

/** The signed digests, as far as the metadata carry them. */
function digest(inspection, slot) {
  return inspection.metadata?.slots?.[slot.index]?.checksum;
}

export async function compared(before, after, options, { inspect, listFiles }) {
  const [left, right] = [await inspect(before, options), await inspect(after, options)];
  const sameSlot = (a, b) => {
    const [x, y] = [digest(left, a), digest(right, b)];
    const facts = ({ id, target, operations, purpose, lifecycle, permissions, range }) =>
      JSON.stringify([id, target, operations, purpose, lifecycle, permissions, range.end - range.start]);
    return left.authenticated && right.authenticated && x !== undefined && x === y && facts(a) === facts(b);
  };
  const found = [];
  for (const { key, ...pair } of pairs(slots(left), slots(right), sameSlot)) {
    const change = { id: key, ...pair, files: null };
    try {
      const list = async (source, slot) => (slot ? files(listFiles(source, slot.index, options)) : new Map());
      const [a, b] = [await list(before, pair.before), await list(after, pair.after)];
      change.files = pairs(a, b, sameEntry).map(({ key: path, ...rest }) => ({ path, ...rest }));
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!error.code) throw error;
      change.reason = `${error.code}: ${error.message}`;
    }
    found.push(change);
  }
  const metadata = changes(left.metadata, right.metadata);
  const signer = (inspection) => inspection.report.signer?.fingerprint ?? null;
  const [was, is] = [signer(left), signer(right)];
  return {
    identical: was === is && metadata.length === 0 && found.length === 0,
    signer: { before: was, after: is, changed: was !== is },
    metadata,
    slots: found,
  };
}

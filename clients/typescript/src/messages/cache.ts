// One of each for all who ask.

/** What was made for this object by this key; made now, if nothing was. */
export function cached<Owner extends object, T>(
  all: WeakMap<Owner, Map<string, T>>,
  owner: Owner,
  key: string,
  make: (known: Map<string, T>) => T,
): T {
  const known = all.get(owner) ?? new Map<string, T>();
  all.set(owner, known);
  const it = known.get(key) ?? make(known);
  known.set(key, it);
  return it;
}

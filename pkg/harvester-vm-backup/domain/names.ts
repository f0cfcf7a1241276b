const MAX_LABEL = 63;

/** A name for an object that Kubernetes accepts: lower case letters, digits, dashes and dots, at most 63 characters, beginning and ending with a letter or digit. */
export function isObjectName(name: string): boolean {
  return name.length <= MAX_LABEL && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name);
}

/**
 * Suggests a name: what it is about, then the UTC time in seconds, so that names sort by age and two in a second
 * are told apart by the caller's `taken`.
 */
export function suggestName(subject: string, at: Date, taken: (name: string) => boolean = () => false): string {
  const stamp = at.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const stem = `${ subject.slice(0, MAX_LABEL - stamp.length - 4).replace(/[-.]+$/, '') }-${ stamp }`;
  let name = stem;

  for (let count = 2; taken(name); count += 1) {
    name = `${ stem }-${ count }`;
  }

  return name;
}

const HASH_SHOWN = 12;

/** The beginning of a long hexadecimal id: enough to tell two apart by eye. */
export function shortHash(hash: string): string {
  return hash.length > HASH_SHOWN ? `${ hash.slice(0, HASH_SHOWN) }…` : hash;
}

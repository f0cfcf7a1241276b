/**
 * Reads the first `major.minor[.patch]` in a text, as programs print it ("restic 0.14.0 compiled with …").
 *
 * @param {string} text
 * @returns {[number, number, number] | undefined} undefined when the text holds no version
 */
export function parseVersion(text) {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);

  return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : undefined;
}

/**
 * Negative, zero or positive as `a` is older than, equal to or newer than `b`.
 *
 * @param {[number, number, number]} a
 * @param {[number, number, number]} b
 */
export function compareVersions(a, b) {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/**
 * True if `text` holds a version that is at least `minimum`; a text without a version is not.
 *
 * @param {string} text
 * @param {string} minimum
 */
export function atLeast(text, minimum) {
  const found = parseVersion(text);
  const wanted = parseVersion(minimum);

  return !!found && !!wanted && compareVersions(found, wanted) >= 0;
}

/** What a command has to have on the machine before it can run. */

export const ALL = ['restic', 'shell', 'extension', 'browser', 'kube'];

/** What `npm run test:kube` needs. */
export const KUBE_TESTS = ['restic', 'kube'];

const BY_FOLDER = [
  { prefix: /^(\.\/)?test\/unit(\/|$)/, needs: [] },
  { prefix: /^(\.\/)?pkg(\/|$)/, needs: [] },
  { prefix: /^(\.\/)?test\/contract(\/|$)/, needs: ['restic'] },
  // Run on the embedded API and on a real one.
  { prefix: /^(\.\/)?test\/(integration|fault)(\/|$)/, needs: KUBE_TESTS },
  { prefix: /^(\.\/)?test\/conformance(\/|$)/, needs: ['kube'] },
];

/**
 * What the tests selected by `filters` (vitest's positional arguments, as typed) need. A filter that does not name
 * one of the lighter folders may select any test, so it needs everything.
 *
 * @param {string[]} filters
 * @returns {string[]} of ALL, in that order
 */
export function needsOfTests(filters) {
  const needed = new Set(filters.length ? filters.flatMap((filter) => BY_FOLDER.find(({ prefix }) => prefix.test(filter))?.needs ?? ALL) : ALL);

  return ALL.filter((name) => needed.has(name));
}

/** The arguments that are filters: no options. An option's value must be given with `=`, so that it is not taken for one. */
export function filtersIn(args) {
  return args.filter((arg) => !arg.startsWith('-'));
}

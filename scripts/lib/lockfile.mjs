/**
 * Reads npm's lock file (version 3): `packages` maps a folder ("node_modules/a/node_modules/b") to what is in it.
 *
 * @typedef {Record<string, { version?: string, integrity?: string, optional?: boolean, dependencies?: Record<string, string>,
 *   optionalDependencies?: Record<string, string>, peerDependencies?: Record<string, string> }>} Packages
 */

/**
 * True if what npm says is installed (its hidden lock file) is what the lock file asks for.
 * Optional packages may be absent: npm leaves out those of other platforms.
 *
 * @param {Packages} wanted `packages` of package-lock.json
 * @param {Packages} installed `packages` of node_modules/.package-lock.json
 */
export function isInstalled(wanted, installed) {
  const same = (name) => installed[name]?.version === wanted[name].version && installed[name]?.integrity === wanted[name].integrity;
  const names = Object.keys(wanted).filter((name) => name !== '');

  return names.every((name) => (installed[name] ? same(name) : !!wanted[name].optional))
    && Object.keys(installed).every((name) => name in wanted);
}

/**
 * `folder@version` of a package and of all that it needs, sorted: changes whenever something that goes into its
 * build changes, and not when an unrelated dependency of the project does.
 *
 * @param {Packages} packages
 * @param {string} root folder of the package, e.g. "node_modules/@rancher/shell"
 * @returns {string[]}
 */
export function closure(packages, root) {
  const seen = new Set();
  const queue = [root];

  while (queue.length) {
    const folder = queue.pop();
    const entry = packages[folder];

    if (!entry || seen.has(folder)) {
      continue;
    }
    seen.add(folder);
    for (const name of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies, ...entry.peerDependencies })) {
      queue.push(resolve(packages, folder, name));
    }
  }

  return [...seen].map((folder) => `${ folder }@${ packages[folder].version }`).sort();
}

/** Node's own search: the nearest `node_modules` that has it, from the inside outwards. */
function resolve(packages, from, name) {
  for (let base = from; ;) {
    const candidate = `${ base ? `${ base }/` : '' }node_modules/${ name }`;

    if (packages[candidate] || !base) {
      return candidate;
    }
    const parent = base.lastIndexOf('/node_modules/');

    base = parent < 0 ? '' : base.slice(0, parent);
  }
}

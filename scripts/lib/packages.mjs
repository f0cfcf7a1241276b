import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Absolute path of a package's program, as its package.json names it: to be run by a Node of our choice.
 *
 * @param {string} project
 * @param {string} name package
 * @param {string} [program] where the package has several
 */
export function packageBin(project, name, program = name) {
  const folder = path.join(project, 'node_modules', name);
  const { bin } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));

  return path.join(folder, typeof bin === 'string' ? bin : bin[program]);
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { importsIn } from './import-rules.ts';

/** Everything that a program imports, straight or by others. */
export interface Closure { /** Paths relative to the project, with `/`. */ files: string[]; /** Names of packages. */ packages: string[] }

const TYPE_ONLY = /(?:^|\n)\s*(?:import|export)\s+type\s[^;]*?from\s*['"][^'"\n]+['"];?/g;

/** Walks the imports of TypeScript sources from `entries` (relative to `root`). Imports of types only are gone when they run, so they do not count. */
export function importClosure(root: string, entries: readonly string[]): Closure {
  const files = new Set<string>();
  const packages = new Set<string>();
  const open = [...entries];

  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const specifier of importsIn(readFileSync(path.join(root, file), 'utf8').replace(TYPE_ONLY, ''))) {
      if (specifier.startsWith('.')) open.push(path.posix.join(path.posix.dirname(file), specifier));
      else if (!specifier.startsWith('node:')) packages.add(packageOf(specifier));
    }
  }
  return { files: [...files].sort(), packages: [...packages].sort() };
}

function packageOf(specifier: string): string {
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

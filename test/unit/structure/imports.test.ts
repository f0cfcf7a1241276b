import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { forbiddenImports, importsIn } from '../../support/import-rules.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const GENERATED = /^server\/contract\/crd\/generated\//;
const MAX_LINES = 400;

/** Paths of all source files below a folder, relative to the project. */
function sources(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|vue|mjs|mts)$/.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((file) => !/(^|\/)(node_modules|\.shell)\//.test(file));
}

describe('structure', () => {
  it('given all sources, when their imports are walked, then they run one way', () => {
    const files = [...sources('server'), ...sources('pkg')];

    expect(files.length).toBeGreaterThan(50);
    expect(files.flatMap((file) => forbiddenImports(file, importsIn(readFileSync(path.join(root, file), 'utf8'))))).toEqual([]);
  });

  it(`given all sources, when their lines are counted, then none has more than ${ MAX_LINES }`, () => {
    const long = ['server', 'pkg', 'test', 'scripts'].flatMap(sources)
      .filter((file) => !GENERATED.test(file))
      .map((file) => ({ file, lines: readFileSync(path.join(root, file), 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > MAX_LINES);

    expect(long).toEqual([]);
  });
});

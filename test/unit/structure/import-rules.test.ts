import { describe, expect, it } from 'vitest';
import { forbiddenImports, importsIn } from '../../support/import-rules.ts';

describe('importsIn', () => {
  it('given every form of import, when read, then each specifier is found', () => {
    const source = [
      "import { a } from './a.ts';", "import type { B } from '../b.ts';", "import './c.ts';", "export * from './d.ts';", "export { e,\n  f } from './e.ts';",
      "const g = await import('./g.ts');", "const h = require('./h.ts');", "const text = 'import nothing';",
    ].join('\n');

    expect(importsIn(source)).toEqual(['./a.ts', '../b.ts', './c.ts', './d.ts', './e.ts', './g.ts', './h.ts']);
  });
});

describe('forbiddenImports', () => {
  it.each([
    ['server/contract/a.ts', '../domain/b.ts'],
    ['server/domain/a.ts', '../kube/b.ts'],
    ['server/kube/a.ts', '../controllers/b.ts'],
    ['server/engines/mover/a.ts', '../../controllers/b.ts'],
    ['server/controllers/vm-backup/a.ts', '../../main.ts'],
    ['server/main.ts', './embedded/main.ts'],
    ['server/mover/main.ts', '../kube/client.ts'],
    ['server/domain/a.ts', 'node:fs'],
    ['pkg/harvester-vm-backup/index.ts', '../../server/kube/client.ts'],
    ['pkg/harvester-vm-backup/models/a.ts', '../../../server/embedded/main.ts'],
  ])('given %s, when it imports %s, then that is forbidden', (file, specifier) => {
    expect(forbiddenImports(file, [specifier])).toEqual([`${ file } imports ${ specifier }`]);
  });

  it.each([
    ['server/domain/a.ts', '../contract/b.ts'],
    ['server/kube/a.ts', '../contract/b.ts'],
    ['server/controllers/vm-backup/a.ts', '../../engines/registry.ts'],
    ['server/main.ts', './controllers/run.ts'],
    ['server/embedded/main.ts', '../kube/client.ts'],
    ['server/contract/a.ts', 'zod'],
    ['server/kube/a.ts', 'node:http'],
    ['pkg/harvester-vm-backup/index.ts', '../../server/domain/phases.ts'],
    ['pkg/harvester-vm-backup/index.ts', '@shell/core/types'],
  ])('given %s, when it imports %s, then that is allowed', (file, specifier) => {
    expect(forbiddenImports(file, [specifier])).toEqual([]);
  });
});

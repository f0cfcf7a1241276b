import { describe, expect, it } from 'vitest';
import { dependencyStamp } from '../../../scripts/lib/dependencies.mjs';
import { closure, isInstalled } from '../../../scripts/lib/lockfile.mjs';

const wanted = {
  '': { version: '0.1.0' },
  'node_modules/a': { version: '1.0.0', integrity: 'sha512-a', dependencies: { b: '^2.0.0', c: '*' } },
  'node_modules/a/node_modules/b': { version: '2.0.0', integrity: 'sha512-b2', dependencies: { c: '*' } },
  'node_modules/b': { version: '1.0.0', integrity: 'sha512-b1' },
  'node_modules/c': { version: '3.0.0', integrity: 'sha512-c', peerDependencies: { a: '*' } },
  'node_modules/fsevents': { version: '2.3.3', integrity: 'sha512-f', optional: true },
};
const { '': _root, 'node_modules/fsevents': _otherPlatform, ...installed } = wanted;

describe('isInstalled', () => {
  it('given all packages but an optional one of another platform, when compared, then it is installed', () => {
    expect(isInstalled(wanted, installed)).toBe(true);
  });

  it.each([
    ['a package is missing', { 'node_modules/c': undefined }],
    ['a package has another version', { 'node_modules/c': { version: '3.0.1', integrity: 'sha512-c' } }],
    ['a package has other content', { 'node_modules/c': { version: '3.0.0', integrity: 'sha512-x' } }],
    ['a package is too many', { 'node_modules/d': { version: '1.0.0' } }],
  ])('given that %s, when compared, then it is not installed', (_what, change) => {
    const changed = Object.fromEntries(Object.entries({ ...installed, ...change }).filter(([, entry]) => entry !== undefined));

    expect(isInstalled(wanted, changed as typeof installed)).toBe(false);
  });
});

describe('closure', () => {
  it('given nested and peer packages, when followed, then Node\'s own search decides, and a circle ends', () => {
    expect(closure(wanted, 'node_modules/a')).toEqual(['node_modules/a/node_modules/b@2.0.0', 'node_modules/a@1.0.0', 'node_modules/c@3.0.0']);
  });

  it('given a package that is not needed, when it changes, then the closure stays the same', () => {
    expect(closure({ ...wanted, 'node_modules/b': { version: '1.1.0' } }, 'node_modules/a')).toEqual(closure(wanted, 'node_modules/a'));
  });
});

describe('dependencyStamp', () => {
  it('given another lock file or another Node major, when stamped, then the stamp differs; a Node minor changes nothing', () => {
    const stamp = dependencyStamp('{"a":1}', 'v24.21.0\n');

    expect(dependencyStamp('{"a":1}', 'v24.3.1')).toBe(stamp);
    expect(dependencyStamp('{"a":2}', 'v24.21.0')).not.toBe(stamp);
    expect(dependencyStamp('{"a":1}', 'v26.0.0')).not.toBe(stamp);
  });
});

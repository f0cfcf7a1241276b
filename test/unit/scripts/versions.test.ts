import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atLeast, compareVersions, parseVersion } from '../../../scripts/lib/versions.mjs';

const version = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99));

describe('versions', () => {
  it.each([
    ['restic 0.14.0 compiled with go1.19.8 on linux/amd64', [0, 14, 0]],
    ['v24.21.0', [24, 21, 0]],
    ['Chromium 156.0.8078.79 built on Debian', [156, 0, 8078]],
    ['go1.22', [1, 22, 0]],
  ])('given the text "%s", when parsed, then the first version in it is found', (text, expected) => {
    expect(parseVersion(text)).toEqual(expected);
  });

  it('given a text without a version, when asked for a minimum, then it does not reach it', () => {
    expect(parseVersion('command not found')).toBeUndefined();
    expect(atLeast('command not found', '0.0.0')).toBe(false);
  });

  it('given parts of several digits, when compared, then they are compared as numbers', () => {
    expect(atLeast('restic 0.9.6', '0.14.0')).toBe(false);
    expect(atLeast('restic 0.14.0', '0.14.0')).toBe(true);
    expect(atLeast('restic 1.0', '0.14.0')).toBe(true);
  });

  it('given any two versions, when compared both ways, then the signs are opposite, and zero only for equal ones', () => {
    fc.assert(fc.property(version, version, (a, b) => {
      expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0);
      expect(compareVersions(a, b) === 0).toBe(a.join() === b.join());
    }));
  });
});

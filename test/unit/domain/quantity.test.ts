import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatQuantity, parseQuantity } from '../../../server/domain/quantity.ts';

describe('quantities', () => {
  it.each([['1Gi', 2 ** 30], ['512M', 512e6], ['1073741824', 2 ** 30], ['1.5Gi', 1.5 * 2 ** 30], ['1k', 1000], ['2e3', 2000], ['0', 0]])('given %s, when parsed, then it is %d bytes', (text, bytes) => {
    expect(parseQuantity(text)).toBe(bytes);
  });

  it.each(['', '-1Gi', '1 Gi', '1GB', 'Gi', '1Gi2'])('given "%s", when parsed, then it is refused by name', (text) => {
    expect(() => parseQuantity(text)).toThrow('is not a quantity');
  });

  it('given any number of bytes, when formatted and parsed, then nothing is lost', () => {
    fc.assert(fc.property(fc.nat({ max: 2 ** 46 }), (bytes) => { expect(parseQuantity(formatQuantity(bytes))).toBe(bytes); }));
  });
});

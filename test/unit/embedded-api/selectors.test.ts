import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtinTypes } from '../../../server/embedded/api/resources.ts';
import { parseLabelSelector } from '../../../server/embedded/api/label-selector.ts';
import { compileMatcher, matchesLabels, parseFieldSelector } from '../../../server/embedded/api/selectors.ts';

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/).filter((text) => text !== 'in' && text !== 'notin');
const labels = fc.dictionary(word, word, { maxKeys: 5 });
const matches = (selector: string, given: Record<string, string>): boolean => matchesLabels(parseLabelSelector(selector), given);

describe('label selectors', () => {
  it('given any labels, when each is selected by equality, then they match, and by inequality they do not', () => {
    fc.assert(fc.property(labels, (given) => {
      const pairs = Object.entries(given);
      expect(matches(pairs.map(([key, value]) => `${key}=${value}`).join(','), given)).toBe(true);
      for (const [key, value] of pairs) expect(matches(`${key}!=${value}`, given)).toBe(false);
    }));
  });

  it('given any labels and selector, when negated, then exactly the other half matches', () => {
    fc.assert(fc.property(labels, word, fc.array(word, { minLength: 1, maxLength: 3 }), (given, key, values) => {
      const set = values.join(', ');
      expect(matches(`${key} in (${set})`, given)).toBe(!matches(`${key} notin (${set})`, given));
      expect(matches(key, given)).toBe(!matches(`!${key}`, given));
    }));
  });

  it.each([
    ['a=b', { a: 'b' }, true], ['a == b', { a: 'b' }, true], ['a', {}, false], ['a=', { a: '' }, true], ['a notin (b)', {}, true], ['n>5', { n: '6' }, true],
    ['n<5', { n: '6' }, false], ['n>5', { n: 'x' }, false], ['a.b/c in (x,y),!d', { 'a.b/c': 'y' }, true], ['', { a: 'b' }, true], ['a in (,b)', { a: '' }, true],
    ['constructor', {}, false],
  ])('given %j on %j, when matched, then the answer is %j', (selector, given, expected) => {
    expect(matches(selector, given)).toBe(expected);
  });

  it.each(['a=b,', 'a in', 'a in (b', '=b', '!', 'a==b=c', 'a b', 'a in b', 'n>x', 'UPPER_/x', 'a=-b', ',a'])('given %j, when parsed, then it is refused with 400', (selector) => {
    expect(() => parseLabelSelector(selector)).toThrow(expect.objectContaining({ code: 400 }) as Error);
  });
});

describe('field selectors', () => {
  const pods = builtinTypes().find((type) => type.plural === 'pods');
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'n' }, spec: { nodeName: 'one' }, status: { phase: 'Running' } };

  it.each([
    ['metadata.name=a,status.phase!=Failed', true], ['spec.nodeName==one', true], ['metadata.namespace=m', false], ['spec.nodeName!=one', false], ['', true],
  ])('given %j, when matched on a pod, then the answer is %j', (selector, expected) => {
    if (!pods) throw new Error('pods are not declared');
    expect(compileMatcher(pods, '', selector)?.(pod) ?? true).toBe(expected);
  });

  it('given a field that can not be selected, when compiled, then it is refused as the real server does', () => {
    if (!pods) throw new Error('pods are not declared');
    expect(() => compileMatcher(pods, '', 'spec.foo=a')).toThrow('field label not supported: spec.foo');
  });

  it('given escaped characters, when parsed, then they belong to the value', () => {
    expect(parseFieldSelector('metadata.name=a\\,b\\=c')).toEqual([{ field: 'metadata.name', equal: true, value: 'a,b=c' }]);
  });
});

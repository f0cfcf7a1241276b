import { describe, expect, it } from 'vitest';
import { ALL, filtersIn, needsOfTests } from '../../../scripts/lib/needs.mjs';

describe('needsOfTests', () => {
  it.each([
    ['no filter', [], ALL],
    ['unit tests', ['test/unit/kube'], []],
    ['component tests', ['pkg/harvester-vm-backup'], []],
    ['tests of the mover', ['test/contract/mover'], ['restic']],
    ['integration tests', ['test/unit', './test/integration/kube'], ['restic', 'kube']],
    ['conformance tests', ['test/conformance'], ['kube']],
    ['browser tests', ['test/unit', 'test/e2e'], ALL],
    ['a word that any file name may hold', ['backup'], ALL],
  ])('given %s, when asked what they need, then it is no more than that', (_what, filters, expected) => {
    expect(needsOfTests(filters)).toEqual(expected);
  });
});

describe('filtersIn', () => {
  it('given options among the arguments, when filters are wanted, then options are not among them', () => {
    expect(filtersIn(['--project=node', 'test/unit', '-t=name'])).toEqual(['test/unit']);
  });
});

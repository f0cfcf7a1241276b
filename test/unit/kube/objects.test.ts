import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Condition } from '../../../server/contract/kubernetes.ts';
import { formatKey, parseKey } from '../../../server/kube/keys.ts';
import { hashedName, hasLabels, isOwnedBy, labelSelector, ownerReference, setCondition } from '../../../server/kube/objects.ts';

const owner = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', uid: 'u' } };
const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

describe('object helpers', () => {
  it('given any parts, when hashed to a name, then it is a DNS-1123 label of at most 63 characters and stays the same', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: fc.constantFrom(...'aZ09-._/ é日\u{1F600}\n') }), { minLength: 1, maxLength: 4 }), (parts) => {
      const name = hashedName(...parts);

      expect(name).toMatch(/^[a-z]([-a-z0-9]*[a-z0-9])?$/);
      expect(name.length).toBeLessThanOrEqual(63);
      expect(hashedName(...parts)).toBe(name);
    }));
  });

  it('given parts that read the same when joined, when hashed, then the names differ', () => {
    expect(hashedName('a-b', 'c')).not.toBe(hashedName('a', 'b-c'));
    expect(hashedName('Disk')).not.toBe(hashedName('disk'));
  });

  it('given an owner read from the API, when referenced, then it is known by UID, and one without UID is refused', () => {
    const child = { ...owner, metadata: { name: 'c', ownerReferences: [ownerReference(owner)] } };

    expect(ownerReference(owner)).toEqual({ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true, blockOwnerDeletion: true });
    expect(isOwnedBy(child, owner)).toBe(true);
    expect(isOwnedBy(child, { ...owner, metadata: { name: 'p', uid: 'other' } })).toBe(false);
    expect(() => ownerReference({ ...owner, metadata: { name: 'p' } })).toThrow(/no UID/);
  });

  it('given labels, when selected, then all of them are asked for', () => {
    expect(labelSelector({ 'x/a': '1', b: '2' })).toBe('x/a=1,b=2');
    expect(hasLabels({ ...owner, metadata: { name: 'p', labels: { a: '1', b: '2' } } }, { a: '1' })).toBe(true);
    expect(hasLabels(owner, { a: '1' })).toBe(false);
  });

  it('given a condition, when set again with another message or another status, then the transition time moves only with the status', () => {
    const first = setCondition(undefined, { type: 'Ready', status: 'False', reason: 'Wait' }, at(1));
    const message = setCondition(first, { type: 'Ready', status: 'False', reason: 'Wait', message: 'more' }, at(2));
    const turned = setCondition(message, { type: 'Ready', status: 'True' }, at(3));
    const other = setCondition(turned, { type: 'Other', status: 'Unknown' }, at(4));

    expect(message).toEqual([{ type: 'Ready', status: 'False', reason: 'Wait', message: 'more', lastTransitionTime: at(1).toISOString() }]);
    expect(turned[0]).toEqual({ type: 'Ready', status: 'True', lastTransitionTime: at(3).toISOString() });
    expect(other.map((each: Condition) => each.type)).toEqual(['Ready', 'Other']);
    expect(setCondition(other, { type: 'Ready', status: 'True' }, at(9))).toBe(other);
  });

  it('given any object key, when formatted and parsed, then it is the same', () => {
    expect(parseKey(formatKey({ namespace: 'ns', name: 'a' }))).toEqual({ namespace: 'ns', name: 'a' });
    expect(parseKey(formatKey({ name: 'a' }))).toEqual({ name: 'a' });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonPatch, mergePatch, strategicPatch } from '../../../server/embedded/api/patch.ts';

/** JSON without null inside, as merge patches can express it. */
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, fc.string(), fc.integer(), fc.boolean(), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(fc.string({ maxLength: 4 }), tie('value'), { maxKeys: 4 })),
})).value;
const object = fc.dictionary(fc.string({ maxLength: 4 }), json, { maxKeys: 5 });

/** The merge patch that turns `from` into `to`. */
function difference(from: Record<string, unknown>, to: Record<string, unknown>): Record<string, unknown> {
  const patch = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) patch[key] = null;
  for (const key of Object.keys(to)) patch[key] = to[key];
  // Objects merge, so fields that must go have to be named.
  for (const key of Object.keys(to)) {
    const [a, b] = [from[key], to[key]];
    if (Object.hasOwn(from, key) && isObject(a) && isObject(b)) patch[key] = difference(a, b);
  }
  return patch;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

describe('merge patch', () => {
  it('given any two objects, when the difference is applied, then the first becomes the second and is itself untouched', () => {
    fc.assert(fc.property(object, object, (from, to) => {
      const before = JSON.stringify(from);
      const result = mergePatch(from, difference(from, to));
      expect(JSON.parse(JSON.stringify(result))).toEqual(JSON.parse(JSON.stringify(to)));
      expect(JSON.stringify(from)).toBe(before);
    }));
  });

  it('given any patch, when applied twice, then the second time changes nothing', () => {
    fc.assert(fc.property(object, object, (target, patch) => {
      const once = mergePatch(target, patch);
      expect(mergePatch(once, patch)).toEqual(once);
    }));
  });

  it('given a patch with __proto__, when applied, then no prototype changes', () => {
    const result = mergePatch({}, JSON.parse('{"__proto__":{"polluted":true}}'));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(Object.keys(result as object)).toEqual(['__proto__']);
  });
});

describe('JSON patch', () => {
  const document = { a: [1, 2], 'x/y': { '~': 1 } };

  it('given escaped pointers and list positions, when applied, then the named places change', () => {
    expect(jsonPatch(document, [
      { op: 'add', path: '/a/-', value: 3 }, { op: 'add', path: '/a/0', value: 0 }, { op: 'replace', path: '/x~1y/~0', value: 2 },
      { op: 'copy', from: '/a/0', path: '/b' }, { op: 'move', from: '/a/1', path: '/c' }, { op: 'remove', path: '/a/0' }, { op: 'test', path: '/b', value: 0 },
    ])).toEqual({ a: [2, 3], 'x/y': { '~': 2 }, b: 0, c: 1 });
    expect(document).toEqual({ a: [1, 2], 'x/y': { '~': 1 } });
  });

  it.each([
    ['a failing test', [{ op: 'test', path: '/a/0', value: 9 }]], ['a missing field', [{ op: 'remove', path: '/zz' }]],
    ['an index past the end', [{ op: 'add', path: '/a/9', value: 1 }]],
    ['an inherited name', [{ op: 'remove', path: '/constructor' }]],
  ])('given %s, when applied, then it is refused with 422', (_name, patch) => {
    expect(() => jsonPatch(document, patch)).toThrow(expect.objectContaining({ code: 422 }) as Error);
  });

  it('given replace of a field that is not there, when applied, then it is added, as by the real server', () => {
    expect(jsonPatch({ a: 1 }, [{ op: 'replace', path: '/n', value: 1 }])).toEqual({ a: 1, n: 1 });
  });

  it('given no list, when applied, then it is refused with 400', () => {
    expect(() => jsonPatch(document, { op: 'add' })).toThrow(expect.objectContaining({ code: 400 }) as Error);
  });

  it('given any object and value, when a field is added and removed again, then the object is as before', () => {
    fc.assert(fc.property(object, json, (target, value) => {
      const path = '/new~1field';
      expect(jsonPatch(jsonPatch(target, [{ op: 'add', path, value }]), [{ op: 'remove', path }])).toEqual(target);
    }));
  });
});

describe('strategic merge patch', () => {
  const pod = { spec: { containers: [{ name: 'a', image: 'one', env: [{ name: 'X', value: '1' }] }, { name: 'b', image: 'two' }], args: ['x'] } };

  it('given a container by name, when patched, then it is merged and the others stay', () => {
    expect(strategicPatch(pod, { spec: { containers: [{ name: 'a', env: [{ name: 'Y', value: '2' }] }, { name: 'c', image: 'three' }] } })).toEqual({
      spec: { containers: [{ name: 'a', image: 'one', env: [{ name: 'X', value: '1' }, { name: 'Y', value: '2' }] }, { name: 'b', image: 'two' }, { name: 'c', image: 'three' }], args: ['x'] },
    });
  });

  it('given directives, when patched, then items are deleted, lists replaced and scalars taken out', () => {
    expect(strategicPatch(pod, { spec: { containers: [{ $patch: 'delete', name: 'a' }] } })).toEqual({ spec: { containers: [{ name: 'b', image: 'two' }], args: ['x'] } });
    expect(strategicPatch(pod, { spec: { containers: [{ name: 'z' }, { $patch: 'replace' }] } })).toEqual({ spec: { containers: [{ name: 'z' }], args: ['x'] } });
    expect(strategicPatch({ finalizers: ['a', 'b'] }, { '$deleteFromPrimitiveList/finalizers': ['a'] })).toEqual({ finalizers: ['b'] });
  });

  it('given a list without merge key, when patched, then it is replaced', () => {
    expect(strategicPatch(pod, { spec: { args: ['y'] } })).toMatchObject({ spec: { args: ['y'] } });
  });

  it('given an item without its merge key, when patched, then it is refused with 400', () => {
    expect(() => strategicPatch(pod, { spec: { containers: [{ image: 'x' }] } })).toThrow(/does not contain declared merge key: name/);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyDefaults } from '../../../server/embedded/api/schema/defaults.ts';
import { compileRules, evaluateRules } from '../../../server/embedded/api/schema/cel.ts';
import { parseQuantity } from '../../../server/embedded/api/schema/cel-library.ts';
import { prune } from '../../../server/embedded/api/schema/prune.ts';
import { validateSchema } from '../../../server/embedded/api/schema/validate.ts';
import type { JsonObject } from '../../../server/embedded/api/types.ts';

const texts = (schema: JsonObject, value: unknown, at = 'spec.f'): string[] => validateSchema(schema, value, at).map((error) => `${error.field}: ${error.text}`);

describe('validation', () => {
  it.each<[string, JsonObject, unknown, string]>([
    ['a wrong type', { type: 'integer' }, 'x', 'spec.f: Invalid value: "string": spec.f in body must be of type integer: "string"'],
    ['a null', { type: 'string' }, null, 'spec.f: Invalid value: "null": spec.f in body must be of type string: "null"'],
    ['a missing field', { type: 'object', required: ['source'] }, {}, 'spec.f.source: Required value'],
    ['a value outside the enum', { type: 'string', enum: ['A', 'B'] }, 'C', 'spec.f: Unsupported value: "C": supported values: "A", "B"'],
    ['a number that is too small', { type: 'integer', minimum: 1 }, 0, 'spec.f: Invalid value: 0: spec.f in body should be greater than or equal to 1'],
    ['a number that is too large', { type: 'number', maximum: 1 }, 1.5, 'spec.f: Invalid value: 1.5: spec.f in body should be less than or equal to 1'],
    ['a short text', { type: 'string', minLength: 1 }, '', 'spec.f: Invalid value: "": spec.f in body should be at least 1 chars long'],
    ['a long text', { type: 'string', maxLength: 2 }, 'abc', 'spec.f: Too long: may not be more than 2 bytes'],
    ['a text off the pattern', { type: 'string', pattern: '^a$' }, 'b', "spec.f: Invalid value: \"b\": spec.f in body should match '^a$'"],
    ['a time that is none', { type: 'string', format: 'date-time' }, 'noon', 'spec.f: Invalid value: "noon": spec.f in body must be of type date-time: "noon"'],
    ['too many items', { type: 'array', maxItems: 1, items: { type: 'string' } }, ['a', 'b'], 'spec.f: Too many: 2: must have at most 1 items'],
    ['a bad item', { type: 'array', items: { type: 'string' } }, ['a', 1], 'spec.f[1]: Invalid value: "integer": spec.f[1] in body must be of type string: "integer"'],
    ['a doubled key', { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }, [{ name: 'a' }, { name: 'a' }], 'spec.f[1]: Duplicate value: map[string]interface {}{"name":"a"}'],
    ['no alternative', { oneOf: [{ required: ['a'] }, { required: ['b'] }] }, {}, 'spec.f: Invalid value: "": "spec.f" must validate one and only one schema (oneOf). Found none valid'],
    ['a value of a map', { type: 'object', additionalProperties: { type: 'string' } }, { k: 1 }, 'spec.f.k: Invalid value: "integer": spec.f.k in body must be of type string: "integer"'],
  ])('given %s, when validated, then the text is kube-apiserver\'s', (_name, schema, value, text) => {
    expect(texts(schema, value)).toEqual([text]);
  });

  it.each<[string, JsonObject, unknown]>([
    ['a nullable null', { type: 'string', nullable: true }, null], ['int-or-string', { 'x-kubernetes-int-or-string': true }, '5%'],
    ['an integer as number', { type: 'number' }, 3], ['an unknown format', { type: 'string', format: 'fancy' }, 'x'], ['a time', { type: 'string', format: 'date-time' }, '2026-01-02T03:04:05Z'],
  ])('given %s, when validated, then nothing is wrong', (_name, schema, value) => {
    expect(texts(schema, value)).toEqual([]);
  });
});

describe('pruning and defaulting', () => {
  const schema: JsonObject = {
    type: 'object',
    properties: {
      a: { type: 'object', default: {}, properties: { n: { type: 'integer', default: 3 }, free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } },
      list: { type: 'array', items: { type: 'object', properties: { x: { type: 'string', default: 'd' } } } },
      map: { type: 'object', additionalProperties: { type: 'object', properties: { y: { type: 'string' } } } },
    },
  };

  it('given unknown fields, when pruned, then they go everywhere but where they are preserved', () => {
    expect(prune(schema, { apiVersion: 'v1', kind: 'K', metadata: { name: 'n', extra: 1 }, junk: 1, a: { n: 1, junk: 1, free: { any: [1] } }, list: [{ x: 'a', junk: 1 }], map: { k: { y: 'b', junk: 1 } } }, true))
      .toEqual({ apiVersion: 'v1', kind: 'K', metadata: { name: 'n', extra: 1 }, a: { n: 1, free: { any: [1] } }, list: [{ x: 'a' }], map: { k: { y: 'b' } } });
  });

  it('given absent fields, when defaulted, then defaults fill in, also below a default and in items', () => {
    const value = { list: [{}, { x: 'own' }] };
    applyDefaults(schema, value);
    expect(value).toEqual({ a: { n: 3 }, list: [{ x: 'd' }, { x: 'own' }] });
  });

  it('given any JSON, when pruned twice, then the second time removes nothing', () => {
    fc.assert(fc.property(fc.dictionary(fc.constantFrom('a', 'list', 'map', 'junk'), fc.jsonValue()), (value) => {
      const once = prune(schema, value);
      expect(prune(schema, once)).toEqual(once);
    }));
  });
});

describe('CEL rules', () => {
  const errors = (schema: JsonObject, value: unknown, old?: unknown): string[] => evaluateRules(compileRules(schema), value, old).map((error) => `${error.field}: ${error.text}`);
  const rule = (expression: string, more: JsonObject = {}): JsonObject => ({ type: 'object', 'x-kubernetes-validations': [{ rule: expression, ...more }] });

  it('given a rule that fails, when evaluated, then its message is reported at its path', () => {
    const schema: JsonObject = { type: 'object', properties: { spec: { ...rule('self.n > 1', { message: 'n must be above 1' }), properties: { n: { type: 'integer' } } } } };
    expect(errors(schema, { spec: { n: 1 } })).toEqual(['spec: Invalid value: "object": n must be above 1']);
    expect(errors(schema, { spec: { n: 2 } })).toEqual([]);
  });

  it('given a transition rule, when an object is created, then it is not evaluated, and on update it is', () => {
    const schema = rule('self.a == oldSelf.a', { message: 'a is immutable', fieldPath: '.a' });
    expect(errors(schema, { a: 'x' })).toEqual([]);
    expect(errors(schema, { a: 'x' }, { a: 'y' })).toEqual(['a: Invalid value: "object": a is immutable']);
  });

  it('given a list of type map, when an item changes, then its rules see the item of the same key', () => {
    const schema: JsonObject = {
      type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'],
      items: { ...rule('self.v >= oldSelf.v', { message: 'v must not shrink' }), properties: { name: { type: 'string' }, v: { type: 'integer' } } },
    };
    const old = [{ name: 'a', v: 1 }, { name: 'b', v: 5 }];
    expect(errors(schema, [{ name: 'b', v: 4 }, { name: 'a', v: 2 }, { name: 'c', v: 0 }], old)).toEqual(['[0]: Invalid value: "object": v must not shrink']);
  });

  it('given a messageExpression, when the rule fails, then the message is computed; where it fails itself, the plain one is used', () => {
    expect(errors(rule('false', { messageExpression: '"is " + self.a', message: 'plain' }), { a: 'x' })).toEqual(['<nil>: Invalid value: "object": is x']);
    expect(errors(rule('false', { messageExpression: '"is " + self.zz', message: 'plain' }), { a: 'x' })).toEqual(['<nil>: Invalid value: "object": plain']);
  });

  it('given a rule that breaks off, when evaluated, then the value is refused', () => {
    expect(errors(rule('self.zz == 1'), { a: 1 })[0]).toMatch(/rule error/);
  });

  it.each(['self.a +', 'nosuch(self)', 'other.a == 1'])('given the expression %j, when compiled, then it is refused', (expression) => {
    expect(() => compileRules(rule(expression))).toThrow(/does not compile/);
  });

  it('given times, reserved words and quantities, when evaluated, then they are typed and escaped as in Kubernetes', () => {
    const schema: JsonObject = {
      ...rule('self.t > timestamp("2026-01-01T00:00:00Z") && self.__namespace__ == "n" && self.a__dash__b == 1 && quantity(self.size).isGreaterThan(quantity("1Mi"))'),
      properties: { t: { type: 'string', format: 'date-time' }, namespace: { type: 'string' }, 'a-b': { type: 'integer' }, size: { type: 'string' } },
    };
    expect(errors(schema, { t: '2026-01-02T00:00:00Z', namespace: 'n', 'a-b': 1, size: '1Gi' })).toEqual([]);
  });

  it.each([['1Gi', 2 ** 30], ['100m', 0.1], ['1e3', 1000], ['1.5', 1.5], ['2E', 2e18]])('given the quantity %s, when parsed, then it is %d', (text, value) => {
    expect(parseQuantity(text)?.value).toBeCloseTo(value, 5);
  });
});

/** CustomResourceDefinitions themselves: what is refused, how they come to be served and go. */
import type { JsonObject } from '../../../server/embedded/api/index.ts';
import { at, del, get, gone, patch, post, put, scenario, type Answer, type Scenario } from '../scenario.ts';
import { object } from './samples.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const GADGETS = '/apis/gadgets.example.io/v1/gadgets';

function definition(properties: JsonObject, { spec = {}, schema = {}, name = 'gadgets.gadgets.example.io' }: { spec?: JsonObject; schema?: JsonObject; name?: string } = {}): JsonObject {
  return object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', name, {
    spec: {
      group: 'gadgets.example.io', scope: 'Cluster', names: { plural: 'gadgets', kind: 'Gadget' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties, ...schema } } }], ...spec,
    },
  });
}

const rule = (text: string, more: JsonObject = {}): JsonObject => ({ spec: { type: 'object', properties: { a: { type: 'string', maxLength: 10 }, n: { type: 'integer' } }, 'x-kubernetes-validations': [{ rule: text, ...more }] } });
const gadget = (name: string, spec: JsonObject): JsonObject => object('gadgets.example.io/v1', 'Gadget', name, { spec });
const established = ({ body }: Answer): boolean => ((at(body, 'status').conditions ?? []) as { type: string; status: string }[]).some(({ type, status }) => type === 'Established' && status === 'True');
const whatIsWrong = (body: unknown): unknown => ({ reason: at(body).reason, causes: ((at(body, 'details').causes ?? []) as { reason: string; field: string }[]).map(({ reason, field }) => `${field}: ${reason}`) });

/** Definitions that cannot be served. */
const WRONG: Readonly<Record<string, JsonObject>> = {
  'another name': definition({}, { name: 'things.gadgets.example.io' }),
  'no schema': definition({}, { spec: { versions: [{ name: 'v1', served: true, storage: true }] } }),
  'no stored version': definition({}, { spec: { versions: [{ name: 'v1', served: true, storage: false, schema: { openAPIV3Schema: { type: 'object' } } }] } }),
  'a scope that is none': definition({}, { spec: { scope: 'Galaxy' } }),
  'a field without type': definition({ a: {} }),
  'a root that is no object': definition({}, { schema: { type: 'string', properties: undefined } }),
  'a list without items': definition({ a: { type: 'array' } }),
  'a keyed list without keys': definition({ a: { type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'object' } } }),
  'a pattern that is none': definition({ a: { type: 'string', pattern: '(' } }),
  'a default that is wrong': definition({ a: { type: 'integer', default: 'x' } }),
  'properties and more': definition({ a: { type: 'object', properties: { b: { type: 'string' } }, additionalProperties: { type: 'string' } } }),
  'unique items': definition({ a: { type: 'array', uniqueItems: true, items: { type: 'string' } } }),
  'a rule with a wrong syntax': definition(rule('self.a ==')),
  'a rule about a field that is none': definition(rule('self.b == "x"')),
  'a rule that is no truth': definition(rule('self.n')),
  'a rule that compares apples and pears': definition(rule('self.a == self.n')),
};

export const DEFINITIONS: readonly Scenario[] = [
  scenario('definitions that are refused', () => Object.entries(WRONG).map(([name, body]) => post(name, `${CRDS}?dryRun=All`, body, { pick: whatIsWrong }))),
  scenario('a definition from create to delete', () => [
    get('not served yet', GADGETS),
    post('create', CRDS, definition(rule('self.a != "no"'), { spec: { names: { plural: 'gadgets', kind: 'Gadget', shortNames: ['gd'] } } })),
    get('established', `${CRDS}/gadgets.gadgets.example.io`, { until: established, pick: (body) => ({ ...at(body, 'status'), conditions: (at(body, 'status').conditions as { type: string }[]).map(({ type }) => type).sort(), names: at(body, 'spec', 'names'), conversion: at(body, 'spec').conversion, finalizers: at(body, 'metadata').finalizers }) }),
    get('served', GADGETS, { until: ({ status }) => status === 200, pick: (body) => at(body).kind }),
    post('an object', GADGETS, gadget('one', { a: 'yes', b: 'dropped' })),
    post('one against the rule', GADGETS, gadget('two', { a: 'no' })),
    patch('a schema that says more', `${CRDS}/gadgets.gadgets.example.io`, [{ op: 'add', path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/b', value: { type: 'string', default: 'default' } }], 'json', { pick: (body) => at(body, 'metadata').generation }),
    get('read with the default', `${GADGETS}/one`, { until: ({ body }) => at(body, 'spec').b !== undefined }),
    patch('another scope', `${CRDS}/gadgets.gadgets.example.io`, { spec: { scope: 'Namespaced' } }, 'merge', { pick: whatIsWrong }),
    put('replaced without a version', `${CRDS}/gadgets.gadgets.example.io`, definition({}), { pick: whatIsWrong }),
    patch('no status', `${GADGETS}/one/status`, { status: {} }),
    del('delete', `${CRDS}/gadgets.gadgets.example.io`, undefined, { pick: (body) => at(body).kind }),
    gone('the definition is gone', `${CRDS}/gadgets.gadgets.example.io`),
    get('no longer served', GADGETS, { until: ({ status }) => status === 404 }),
  ]),
];

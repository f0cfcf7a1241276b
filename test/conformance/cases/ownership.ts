/** Server-side apply: who owns which fields, conflicts, force, giving up. */
import type { JsonObject } from '../../../server/embedded/api/index.ts';
import { get, patch, post, put, scenario, type Scenario, type Step, type StepOptions } from '../scenario.ts';
import { backup, configMap, object, OURS, paths, widget, WIDGETS } from './samples.ts';

const maps = (namespace: string, name?: string): string => paths.core(namespace, 'configmaps', name);
const widgets = (namespace: string, name?: string): string => paths.group(WIDGETS, namespace, 'widgets', name);

function apply(name: string, path: string, manager: string, body: JsonObject | string, { force, ...options }: StepOptions & { force?: true } = {}): Step {
  return patch(name, `${path}?fieldManager=${manager}${force ? '&force=true' : ''}`, body, 'apply', { managedFields: true, ...options });
}

export const OWNERSHIP: readonly Scenario[] = [
  scenario('apply of a built-in type', (ns) => [
    apply('create', maps(ns, 'one'), 'first', configMap('one', { a: '1', b: '2' }, { labels: { x: '1' } })),
    apply('the same again', maps(ns, 'one'), 'first', configMap('one', { a: '1', b: '2' }, { labels: { x: '1' } })),
    apply('less', maps(ns, 'one'), 'first', configMap('one', { a: '1' })),
    apply('another\'s own field', maps(ns, 'one'), 'second', configMap('one', { c: '3' })),
    apply('another\'s same value', maps(ns, 'one'), 'second', configMap('one', { a: '1', c: '3' })),
    apply('a conflict', maps(ns, 'one'), 'second', configMap('one', { a: '9', c: '3' })),
    apply('a conflict with force', maps(ns, 'one'), 'second', configMap('one', { a: '9', c: '3' }), { force: true }),
    apply('the first no longer has it', maps(ns, 'one'), 'first', configMap('one', {}, { labels: { y: '1' } })),
    patch('a patch takes it', `${maps(ns, 'one')}?fieldManager=third`, { data: { a: '10' } }, 'merge', { managedFields: true }),
    apply('a conflict with a patch', maps(ns, 'one'), 'second', configMap('one', { a: '11', c: '4' })),
    apply('without manager', maps(ns, 'one'), '', configMap('one')),
    apply('a version that is no more', maps(ns, 'one'), 'second', configMap('one', { c: '5' }, { resourceVersion: '1' })),
    apply('managed fields', maps(ns, 'one'), 'second', configMap('one', { c: '5' }, { managedFields: [{ manager: 'x', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {} }] })),
    apply('another name', maps(ns, 'one'), 'second', configMap('two', { c: '5' }), { force: true }),
    apply('no kind', maps(ns, 'one'), 'second', { metadata: { name: 'one' } }),
    apply('a field that is none', maps(ns, 'nonsense'), 'second', { ...configMap('nonsense'), nonsense: 1 }),
    apply('in YAML', maps(ns, 'yaml'), 'first', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  a: "1"\n'),
    apply('dry', `${maps(ns, 'dry')}`, 'first', configMap('dry')),
    get('in the end', maps(ns, 'one'), { managedFields: true }),
  ]),
  scenario('apply over what was created', (ns) => [
    post('create', `${maps(ns)}?fieldManager=creator`, configMap('one', { a: '1', b: '2' }), { managedFields: true }),
    apply('the same value', maps(ns, 'one'), 'first', configMap('one', { a: '1' })),
    apply('another value', maps(ns, 'one'), 'first', configMap('one', { a: '2' })),
    apply('by force', maps(ns, 'one'), 'first', configMap('one', { a: '2' }), { force: true }),
    put('replaced', `${maps(ns, 'one')}?fieldManager=creator`, configMap('one', { a: '3', b: '2' }), { managedFields: true }),
    apply('a finalizer', maps(ns, 'one'), 'first', configMap('one', { a: '3' }, { finalizers: ['example.io/mine'] })),
    apply('no finalizer', maps(ns, 'one'), 'first', configMap('one', { a: '3' })),
  ]),
  scenario('apply of custom types', (ns) => [
    apply('create', widgets(ns, 'one'), 'first', widget('one', { source: 'a', parts: [{ name: 'x', value: '1' }], tags: ['t'], steps: [{ name: 's' }] })),
    apply('another item of the keyed list', widgets(ns, 'one'), 'second', widget('one', { source: 'a', parts: [{ name: 'y', value: '2' }], tags: ['u'] })),
    apply('the same item', widgets(ns, 'one'), 'second', widget('one', { source: 'a', parts: [{ name: 'x', value: '9' }] })),
    apply('an atomic list', widgets(ns, 'one'), 'second', widget('one', { source: 'a', steps: [{ name: 'r' }] })),
    apply('less', widgets(ns, 'one'), 'first', widget('one', { source: 'a' })),
    apply('status', `${widgets(ns, 'one')}/status`, 'first', object(WIDGETS, 'Widget', 'one', { status: { phase: 'Good' } })),
    apply('status by another', `${widgets(ns, 'one')}/status`, 'second', object(WIDGETS, 'Widget', 'one', { status: { phase: 'Bad' } })),
    apply('what is wrong', widgets(ns, 'two'), 'first', widget('two', { source: 'NO' })),
    apply('a field that is none', widgets(ns, 'three'), 'first', widget('three', { source: 'a', nonsense: 1 })),
    apply('status of what is not there', `${widgets(ns, 'none')}/status`, 'first', object(WIDGETS, 'Widget', 'none', { status: { phase: 'Good' } })),
    apply('one of ours', paths.group(OURS, ns, 'vmbackups', 'one'), 'first', backup('one')),
  ]),
];

/** Lists: pages, selectors, versions. */
import { at, del, get, patch, post, scenario, versionOf, type Scenario } from '../scenario.ts';
import { backup, configMap, OURS, paths, secret, widget, WIDGETS } from './samples.ts';

const maps = (namespace: string, name?: string): string => paths.core(namespace, 'configmaps', name);
/** What is ours among the objects that controllers put into every namespace. */
const MINE = 'labelSelector=mine';
const mine = { labels: { mine: 'yes' } };
const names = (body: unknown): unknown => ({ kind: at(body).kind, metadata: at(body).metadata, names: (at(body).items as { metadata: { name: string } }[] | undefined)?.map(({ metadata }) => metadata.name), message: at(body).message });
const next = (name: string) => (seen: (step: string) => Record<string, unknown>): string => encodeURIComponent(String(at(seen(name), 'metadata').continue));

export const LISTS: readonly Scenario[] = [
  scenario('pages', (ns) => [
    ...['a', 'b', 'c', 'd', 'e'].map((name) => post(`create ${name}`, paths.core(ns, 'secrets'), secret(name, { data: {} }))),
    get('all', paths.core(ns, 'secrets')),
    get('the first page', `${paths.core(ns, 'secrets')}?limit=2`),
    post('create in between', paths.core(ns, 'secrets'), secret('bb', { data: {} })),
    del('delete in between', paths.core(ns, 'secrets', 'd')),
    get('the second page', (seen) => `${paths.core(ns, 'secrets')}?limit=2&continue=${next('the first page')(seen)}`, { pick: names }),
    get('the last page', (seen) => `${paths.core(ns, 'secrets')}?limit=2&continue=${next('the second page')(seen)}`, { pick: names }),
    get('the rest at once', (seen) => `${paths.core(ns, 'secrets')}?continue=${next('the first page')(seen)}`, { pick: names }),
    get('a page that is exactly full', `${paths.core(ns, 'secrets')}?limit=5`, { pick: names }),
    get('a page with a selector', `${paths.core(ns, 'secrets')}?limit=1&fieldSelector=type%3DOpaque`, { pick: names }),
    get('a token that is none', `${paths.core(ns, 'secrets')}?continue=nonsense`),
    get('a token with a version', (seen) => `${paths.core(ns, 'secrets')}?resourceVersion=1&continue=${next('the first page')(seen)}`),
    get('a limit that is none', `${paths.core(ns, 'secrets')}?limit=many`),
    get('a negative limit', `${paths.core(ns, 'secrets')}?limit=-1`, { pick: names }),
    get('none', paths.core('no-such-namespace', 'secrets')),
  ]),
  scenario('versions of lists', (ns) => [
    post('create', maps(ns), configMap('one', {}, mine)),
    get('any version', `${maps(ns)}?${MINE}&resourceVersion=0`, { pick: names }),
    get('not older than', (seen) => `${maps(ns)}?${MINE}&resourceVersionMatch=NotOlderThan&resourceVersion=${versionOf(seen, 'create')}`, { pick: names }),
    post('create another', maps(ns), configMap('two', {}, mine)),
    get('exactly', (seen) => `${maps(ns)}?${MINE}&resourceVersionMatch=Exact&limit=5&resourceVersion=${versionOf(seen, 'create')}`, { pick: names }),
    get('a version that is none', `${maps(ns)}?${MINE}&resourceVersion=nonsense`),
    get('a match without a version', `${maps(ns)}?${MINE}&resourceVersionMatch=Exact`),
    get('a match that is none', `${maps(ns)}?${MINE}&resourceVersion=1&resourceVersionMatch=Nearly`),
    get('exactly version 0', `${maps(ns)}?${MINE}&resourceVersion=0&resourceVersionMatch=Exact`),
    get('a version to come', `${maps(ns)}?resourceVersion=999999999`),
    get('a version to come, of ours', `${paths.group(OURS, ns, 'vmbackups')}?resourceVersion=999999999`),
    get('an object at any version', `${maps(ns, 'one')}?resourceVersion=0`),
    get('an object at a version that is none', `${maps(ns, 'one')}?resourceVersion=nonsense`),
  ]),
  scenario('label selectors', (ns) => [
    post('create a', maps(ns), configMap('a', {}, { labels: { mine: 'a', size: '5' } })),
    post('create b', maps(ns), configMap('b', {}, { labels: { mine: 'b' } })),
    post('create c', maps(ns), configMap('c', {}, { labels: { mine: '' } })),
    ...Object.entries({
      'equal': 'mine=a', 'doubly equal': 'mine==b', 'unequal': 'mine,mine!=a', 'in': 'mine in (a,b)', 'not in': 'mine,mine notin (a)', 'there': 'mine', 'not there': 'mine,!size', 'empty': 'mine=', 'greater': 'size>4', 'less': 'size<5',
      'blanks': ' mine = a , size ', 'a wrong value': 'mine=not ok', 'a wrong key': 'a b=c', 'no key': '=a', 'no operator': 'mine a', 'a lonely comma': 'mine,', 'an open set': 'mine in (a', 'no number': 'size>x', 'a value that is too long': `mine=${'x'.repeat(64)}`, 'nothing in the set': 'mine in ()',
    }).map(([name, selector]) => get(name, `${maps(ns)}?labelSelector=${encodeURIComponent(selector)}`, { pick: names })),
    get('of a custom type', `${paths.group(OURS, ns, 'vmbackups')}?labelSelector=${encodeURIComponent('a b')}`),
  ]),
  scenario('field selectors', (ns) => [
    post('create a', paths.core(ns, 'secrets'), secret('a')),
    post('create b', paths.core(ns, 'secrets'), secret('b', { type: 'example.io/kind' })),
    post('a backup', paths.group(OURS, ns, 'vmbackups'), backup('one')),
    post('a widget', paths.group(WIDGETS, ns, 'widgets'), widget('one', { source: 'a' })),
    post('another widget', paths.group(WIDGETS, ns, 'widgets'), widget('two', { source: 'b' })),
    ...Object.entries({ 'by name': 'metadata.name=a', 'by namespace': `metadata.namespace=${ns}`, 'by type': 'type=example.io/kind', 'by another type': 'type!=Opaque', 'by a field that is none': 'data.x=1', 'no operator': 'type', 'two': 'metadata.name=a,type=Opaque', 'doubly equal': 'metadata.name==a' })
      .map(([name, selector]) => get(name, `${paths.core(ns, 'secrets')}?fieldSelector=${encodeURIComponent(selector)}`, { pick: names })),
    get('of ours by name', `${paths.group(OURS, ns, 'vmbackups')}?fieldSelector=metadata.name%3Done`, { pick: names }),
    get('of ours by a field that is none', `${paths.group(OURS, ns, 'vmbackups')}?fieldSelector=spec.repository%3Dmain`),
    get('of a custom type by a selectable field', `${paths.group(WIDGETS, ns, 'widgets')}?fieldSelector=spec.source%3Db`, { pick: names }),
    get('pods by node and phase', `${paths.core(ns, 'pods')}?fieldSelector=spec.nodeName%3Dn1,status.phase%3DRunning`),
    get('jobs by success', `${paths.group('batch/v1', ns, 'jobs')}?fieldSelector=status.successful%3D1`),
    get('events by object', `${paths.core(ns, 'events')}?fieldSelector=involvedObject.name%3Dx,involvedObject.kind%3DVMBackup,type%3DWarning,reason%3DFailed`),
    get('claims by phase', `${paths.core(ns, 'persistentvolumeclaims')}?fieldSelector=status.phase%3DBound`),
    get('namespaces by phase', `/api/v1/namespaces?fieldSelector=status.phase%3DActive,metadata.name%3D${ns}`, { pick: names }),
  ]),
  scenario('collections', (ns) => [
    ...['a', 'b', 'c'].map((name) => post(`create ${name}`, maps(ns), configMap(name, {}, name === 'c' ? { labels: { mine: 'no' } } : { ...mine, ...(name === 'b' ? { finalizers: ['example.io/hold'] } : {}) }))),
    del('delete some', `${maps(ns)}?labelSelector=mine%3Dyes`),
    get('left', `${maps(ns)}?${MINE}`),
    patch('let go', maps(ns, 'b'), { metadata: { finalizers: null } }),
    get('at last', `${maps(ns)}?${MINE}`, { pick: names }),
    post('a backup', paths.group(OURS, ns, 'vmbackups'), backup('one')),
    del('delete ours', paths.group(OURS, ns, 'vmbackups')),
  ]),
];

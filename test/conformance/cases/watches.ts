/** Watches: what is told since a version, in which order, and what happens when a version is too old. */
import { at, del, forget, get, patch, post, put, scenario, versionOf, watch, type Scenario, type Seen } from '../scenario.ts';
import { backup, OURS, paths, secret, widget, WIDGETS } from './samples.ts';

const secrets = (namespace: string, name?: string): string => paths.core(namespace, 'secrets', name);
const since = (seen: Seen, step: string): string => `resourceVersion=${String(at(seen(step), 'metadata').resourceVersion)}`;
const encoded = (seen: Seen, step: string): string => encodeURIComponent(String(at(seen(step), 'metadata').continue));

/** Bookmarks are as many as there is time for: repeated ones count as one. */
function once(body: unknown): unknown {
  const events = body as { type: string }[];

  return Array.isArray(body) ? events.filter(({ type }, index) => type !== 'BOOKMARK' || events[index - 1]?.type !== 'BOOKMARK') : body;
}

export const WATCHES: readonly Scenario[] = [
  scenario('watches', (ns) => [
    get('start', secrets(ns)),
    post('create', secrets(ns), secret('one', { data: { a: 'YQ==' } }, { labels: { mine: 'yes' } })),
    patch('change', secrets(ns, 'one'), { data: { a: 'Yg==' } }),
    patch('change nothing', secrets(ns, 'one'), { data: { a: 'Yg==' } }),
    patch('leave the selection', secrets(ns, 'one'), { metadata: { labels: { mine: 'no' } } }),
    patch('come back', secrets(ns, 'one'), { metadata: { labels: { mine: 'yes' } } }),
    post('another', secrets(ns), secret('two', { data: {} }, { finalizers: ['example.io/hold'] })),
    del('delete', secrets(ns, 'one')),
    del('delete the held one', secrets(ns, 'two')),
    patch('let go', secrets(ns, 'two'), { metadata: { finalizers: null } }),
    watch('everything since the start', (seen) => `${secrets(ns)}?${since(seen, 'start')}`),
    watch('since a change', (seen) => `${secrets(ns)}?${since(seen, 'leave the selection')}`),
    watch('what is selected', (seen) => `${secrets(ns)}?labelSelector=mine%3Dyes&${since(seen, 'start')}`),
    watch('one by name', (seen) => `${secrets(ns)}?fieldSelector=metadata.name%3Dtwo&${since(seen, 'start')}`),
    watch('from an unnamed version', () => `${secrets(ns)}?labelSelector=mine`),
    watch('from version 0', () => `${secrets(ns)}?labelSelector=mine&resourceVersion=0`),
    watch('bookmarks', (seen) => `${secrets(ns)}?allowWatchBookmarks=true&labelSelector=none&${since(seen, 'start')}`, { seconds: 4, pick: once }),
    watch('a wrong selector', () => `${secrets(ns)}?labelSelector=a%20b`),
    watch('a version that is none', () => `${secrets(ns)}?resourceVersion=nonsense`),
    watch('the state, then changes', () => `${paths.core(ns, 'configmaps')}?sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=none`, { pick: once }),
    watch('the state without a match', () => `${secrets(ns)}?sendInitialEvents=true`),
  ]),
  scenario('watches of custom types', (ns) => [
    post('first', paths.group(OURS, ns, 'vmbackups'), backup('zero')),
    post('create', paths.group(OURS, ns, 'vmbackups'), backup('one', {}, { finalizers: ['backup.harvesterhci.io/data'] })),
    put('status', `${paths.group(OURS, ns, 'vmbackups', 'one')}/status`, (seen) => ({ ...seen('create'), status: { phase: 'Queued' } })),
    patch('status as it is', `${paths.group(OURS, ns, 'vmbackups', 'one')}/status`, { status: { phase: 'Queued' } }),
    del('delete', paths.group(OURS, ns, 'vmbackups', 'one')),
    patch('let go', paths.group(OURS, ns, 'vmbackups', 'one'), { metadata: { finalizers: [] } }),
    watch('everything', (seen) => `${paths.group(OURS, ns, 'vmbackups')}?${since(seen, 'first')}`),
    watch('all namespaces', (seen) => `/apis/${OURS}/vmbackups?${since(seen, 'first')}&fieldSelector=metadata.namespace%3D${ns}`),
    post('a widget', paths.group(WIDGETS, ns, 'widgets'), widget('one', { source: 'a' })),
    post('another widget', paths.group(WIDGETS, ns, 'widgets'), widget('two', { source: 'b' })),
    watch('by a selectable field', () => `${paths.group(WIDGETS, ns, 'widgets')}?resourceVersion=0&fieldSelector=spec.source%3Db`),
    watch('of no such type', () => paths.group(WIDGETS, ns, 'gadgets')),
  ]),
  scenario('history that is forgotten', (ns) => [
    ...['a', 'b', 'c'].map((name) => post(`create ${name}`, secrets(ns), secret(name, {}, { labels: { mine: 'yes' } }))),
    get('a page', `${secrets(ns)}?limit=1`),
    patch('change', secrets(ns, 'a'), { data: { x: 'YQ==' } }),
    forget('time passes'),
    watch('from a forgotten version', (seen) => `${secrets(ns)}?${since(seen, 'create a')}`),
    get('the next page', (seen) => `${secrets(ns)}?limit=1&continue=${encoded(seen, 'a page')}`),
    get('the next page of what is now', (seen) => `${secrets(ns)}?limit=1&continue=${encoded(seen, 'the next page')}`, { pick: (body) => at(body, 'items', '0', 'metadata').name }),
    get('exactly a forgotten version', (seen) => `${secrets(ns)}?limit=9&resourceVersionMatch=Exact&resourceVersion=${versionOf(seen, 'create a')}`),
    get('not older than a forgotten version', (seen) => `${secrets(ns)}?labelSelector=mine&resourceVersionMatch=NotOlderThan&resourceVersion=${versionOf(seen, 'create a')}`),
    watch('from a version to come', () => `${secrets(ns)}?resourceVersion=999999999`),
  ]),
];

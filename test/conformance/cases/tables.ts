/** Tables and metadata only, as kubectl and the dashboard ask for them. */
import { at, get, patch, post, scenario, watch, type Scenario } from '../scenario.ts';
import { backup, claim, configMap, object, OURS, paths, pod, secret, widget, WIDGETS } from './samples.ts';

const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };
const METADATA = { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json' };
const METADATA_LIST = { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json' };

/** Columns and cells; ages are left out, as they depend on how fast the machine is. */
function cells(body: unknown): unknown {
  const { columnDefinitions = [], rows = [], ...rest } = at(body) as { columnDefinitions?: { name: string; type: string; format: string; priority: number }[]; rows?: { cells: unknown[] }[] };
  const kept = columnDefinitions.map(({ name }) => name !== 'Age');

  return { ...rest, columns: columnDefinitions.map(({ name, type, format, priority }) => `${name}: ${type} ${format} ${priority}`), cells: rows.map((row) => row.cells.filter((_cell, index) => kept[index])) };
}

export const TABLES: readonly Scenario[] = [
  scenario('tables', (ns) => [
    post('create a widget', paths.group(WIDGETS, ns, 'widgets'), widget('one', { source: 'a', labels: { a: 'b' } })),
    patch('its status', `${paths.group(WIDGETS, ns, 'widgets', 'one')}/status`, { status: { conditions: [{ type: 'Ready', status: 'True' }] } }),
    get('of widgets', paths.group(WIDGETS, ns, 'widgets'), { ...TABLE, pick: cells }),
    get('of one widget', paths.group(WIDGETS, ns, 'widgets', 'one'), { ...TABLE, pick: (body) => at(body, 'rows', '0', 'object') }),
    get('with objects', `${paths.group(WIDGETS, ns, 'widgets')}?includeObject=Object`, { ...TABLE, pick: (body) => at(body, 'rows', '0', 'object') }),
    get('without objects', `${paths.group(WIDGETS, ns, 'widgets')}?includeObject=None`, { ...TABLE, pick: (body) => ({ ...at(body, 'rows', '0'), cells: [] }) }),
    get('with something else', `${paths.group(WIDGETS, ns, 'widgets')}?includeObject=Half`, { ...TABLE }),
    get('of what is not there', paths.group(WIDGETS, ns, 'widgets', 'none'), TABLE),
    post('create a backup', paths.group(OURS, ns, 'vmbackups'), backup('one')),
    get('of ours', paths.group(OURS, ns, 'vmbackups'), { ...TABLE, pick: cells }),
    get('of none', paths.group(OURS, ns, 'vmrestores'), { ...TABLE, pick: cells }),
    post('create a secret', paths.core(ns, 'secrets'), secret('one')),
    get('of secrets', paths.core(ns, 'secrets'), { ...TABLE, pick: cells }),
    post('create a claim', paths.core(ns, 'persistentvolumeclaims'), claim('one')),
    get('of claims', paths.core(ns, 'persistentvolumeclaims'), { ...TABLE, pick: cells }),
    post('create a pod', paths.core(ns, 'pods'), pod('one')),
    get('of pods', paths.core(ns, 'pods'), { ...TABLE, pick: cells }),
    get('of configmaps', `${paths.core(ns, 'configmaps')}?labelSelector=none`, { ...TABLE, pick: cells }),
    post('create a class', '/apis/storage.k8s.io/v1/storageclasses', object('storage.k8s.io/v1', 'StorageClass', 'tables', { provisioner: 'driver.example.io' })),
    get('of a class', '/apis/storage.k8s.io/v1/storageclasses/tables', { ...TABLE, pick: cells }),
    get('in a form that is none', paths.core(ns, 'configmaps'), { accept: 'application/json;as=Poem;v=v1;g=meta.k8s.io' }),
    get('in YAML', paths.core(ns, 'configmaps', 'kube-root-ca.crt'), { accept: 'text/plain' }),
  ]),
  scenario('metadata only', (ns) => [
    post('create', paths.core(ns, 'configmaps'), configMap('one', { a: '1' }, { labels: { mine: 'yes' } })),
    get('of one', paths.core(ns, 'configmaps', 'one'), METADATA),
    get('of all', `${paths.core(ns, 'configmaps')}?labelSelector=mine`, METADATA_LIST),
    get('of one of many, wrongly', `${paths.core(ns, 'configmaps')}?labelSelector=mine`, METADATA),
    post('create ours', paths.group(OURS, ns, 'vmbackups'), backup('one'), METADATA),
    get('of ours', paths.group(OURS, ns, 'vmbackups'), METADATA_LIST),
    watch('watched', () => `${paths.group(OURS, ns, 'vmbackups')}?resourceVersion=0`, METADATA),
  ]),
];

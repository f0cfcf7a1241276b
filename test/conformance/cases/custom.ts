/** Custom types: defaults, pruning, warnings, validation by schema and by rules. */
import { at, get, patch, post, put, scenario, type Scenario, type Step } from '../scenario.ts';
import { backup, object, OURS, paths, widget, WIDGETS } from './samples.ts';

const backups = (namespace: string, name?: string): string => paths.group(OURS, namespace, 'vmbackups', name);
const widgets = (namespace: string, name?: string): string => paths.group(WIDGETS, namespace, 'widgets', name);
const sized = (count: number): string[] => Array.from({ length: count }, (_unused, index) => `t${index}`);

/** Widgets that a schema has something to say about, by what is wrong with them. */
const WRONG: Readonly<Record<string, object>> = {
  'nothing': {}, 'a null where none may be': { source: null }, 'a number for a text': { source: 1 }, 'a text for a number': { source: 'a', size: 'big' }, 'a fraction': { source: 'a', size: 1.5 }, 'a whole number for a fraction': { source: 'a', ratio: 2 },
  'too short': { source: '' }, 'too long': { source: 'x'.repeat(11) }, 'no match': { source: 'A' }, 'too small': { source: 'a', size: 0 }, 'too large': { source: 'a', size: 1001 }, 'a word that is none': { source: 'a', mode: 'Odd' },
  'a time that is none': { source: 'a', when: 'noon' }, 'no truth': { source: 'a', on: 'yes' }, 'a list for an object': { source: 'a', options: [] }, 'an object for a list': { source: 'a', parts: {} }, 'too many fields': { source: 'a', labels: { a: '1', b: '2', c: '3' } },
  'a number in a map of texts': { source: 'a', labels: { a: 1 } }, 'the same twice in a set': { source: 'a', tags: ['x', 'x'] }, 'too many items': { source: 'a', tags: sized(4) }, 'the same key twice': { source: 'a', parts: [{ name: 'x' }, { name: 'x' }] },
  'an item without key': { source: 'a', parts: [{ value: 'x' }] }, 'a rule': { source: 'a', size: 500 }, 'a rule with a path': { source: 'a', secret: 'x' }, 'schema and rule': { source: 'A', size: 500 }, 'a list for a number or text': { source: 'a', amount: [] }, 'a null in a list': { source: 'a', tags: [null] },
};

const refusals = (namespace: string): Step[] => Object.entries(WRONG).map(([name, spec]) => post(name, widgets(namespace), widget('wrong', spec as Record<string, unknown>)));

export const CUSTOM: readonly Scenario[] = [
  scenario('defaults and pruning', (ns) => [
    post('the least', widgets(ns), widget('least')),
    post('everything', widgets(ns), widget('all', { source: 'a', size: 7, ratio: 0.5, mode: 'Fast', when: '2020-01-01T00:00:00Z', on: true, labels: { a: 'b' }, nothing: null, amount: '10Gi', options: { retries: 1 }, tags: ['x'], parts: [{ name: 'p' }], steps: [{ name: 's' }], free: { any: [1, { thing: null }] } })),
    post('nulls', widgets(ns), widget('nulls', { source: 'a', size: null, labels: null, options: null, parts: null })),
    post('a number for a number or text', widgets(ns), widget('amount', { source: 'a', amount: 10 })),
    post('unknown fields', widgets(ns), { ...widget('unknown', { source: 'a', junk: 1, options: { junk: 2 }, parts: [{ name: 'p', junk: 3 }] }), junk: 4, status: { phase: 'Good', junk: 5 } }),
    post('unknown fields, ignored', `${widgets(ns)}?fieldValidation=Ignore`, widget('ignored', { source: 'a', junk: 1 })),
    post('unknown fields, strictly', `${widgets(ns)}?fieldValidation=Strict`, widget('strict', { source: 'a', junk: 1, options: { junk: 2 } })),
    put('unknown fields in a status', `${widgets(ns, 'least')}/status`, (seen) => ({ ...seen('the least'), status: { phase: 'Good', junk: 1, conditions: [{ type: 'X', extra: 1 }] } })),
    get('read', widgets(ns, 'least')),
    patch('a default taken away', widgets(ns, 'least'), { spec: { size: null } }),
  ]),
  scenario('validation by schema', (ns) => [
    ...refusals(ns),
    post('right', widgets(ns), widget('right')),
    patch('wrong then', widgets(ns, 'right'), { spec: { size: 0 } }),
    patch('immutable', widgets(ns, 'right'), { spec: { source: 'b' } }),
    patch('a status of another type', `${widgets(ns, 'right')}/status`, { status: { phase: 1 } }),
    put('no spec', widgets(ns, 'right'), (seen) => ({ ...seen('right'), spec: undefined })),
    post('no object', widgets(ns), object(WIDGETS, 'Widget', 'wrong', { spec: 'text' })),
  ]),
  scenario('our types', (ns) => [
    post('a backup', backups(ns), backup('one')),
    post('without source', backups(ns), object(OURS, 'VMBackup', 'none', { spec: { repository: 'main' } })),
    post('without spec', backups(ns), object(OURS, 'VMBackup', 'none')),
    post('a policy that is none', backups(ns), backup('none', { quiesce: { policy: 'Maybe' } })),
    post('no deadline', backups(ns), backup('none', { quiesce: { deadlineSeconds: 0 } })),
    post('a name that is none', backups(ns), backup('none', { repository: 'No Name' })),
    post('a field that is none, strictly', `${backups(ns)}?fieldValidation=Strict`, backup('none', { quiese: {} })),
    patch('another source', backups(ns, 'one'), { spec: { source: { name: 'other' } } }),
    patch('cancel', backups(ns, 'one'), { spec: { cancel: true } }),
    patch('cancel no more', backups(ns, 'one'), { spec: { cancel: false } }),
    patch('cancel unsaid', backups(ns, 'one'), { spec: { cancel: null } }),
    patch('keep the data', backups(ns, 'one'), { spec: { deletionPolicy: 'Retain' } }),
    patch('keep it no more', backups(ns, 'one'), { spec: { deletionPolicy: 'Delete' } }),
    post('a repository', `/apis/${OURS}/backuprepositories`, object(OURS, 'BackupRepository', ns, { spec: { engine: 'restic', target: { filesystem: { path: '/backup' } } } })),
    post('a repository without target', `/apis/${OURS}/backuprepositories`, object(OURS, 'BackupRepository', `${ns}-none`, { spec: { engine: 'restic' } })),
    post('an engine', `/apis/${OURS}/backupengines`, object(OURS, 'BackupEngine', ns, { spec: {} })),
    post('a restore', paths.group(OURS, ns, 'vmrestores'), object(OURS, 'VMRestore', 'one', { spec: {} })),
    post('a repository in a namespace', `/apis/${OURS}/namespaces/${ns}/backuprepositories`, object(OURS, 'BackupRepository', 'x', { spec: {} })),
    post('a status from the start', backups(ns), { ...backup('with-status'), status: { phase: 'Completed' } }),
    get('generation', backups(ns, 'one'), { pick: (body) => at(body, 'metadata').generation }),
  ]),
];

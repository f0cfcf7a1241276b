/** What clients learn about the API before they use it. The real server serves more kinds: what ours has is compared. */
import { at, get, scenario, type Scenario } from '../scenario.ts';

interface Resource { name: string; verbs: string[]; [field: string]: unknown }

/** Of a resource list those resources that this project uses, in the order of their names, their verbs sorted; without the hash of the storage. */
const resources = (...names: string[]) => (body: unknown): unknown => ({
  ...at(body),
  resources: (at(body).resources as Resource[]).filter(({ name }) => names.length === 0 || names.includes(name)).map(({ verbs, storageVersionHash: _hash, ...rest }) => ({ ...rest, verbs: [...verbs].sort() })).sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1)),
});

const groups = (body: unknown): unknown => ({ ...at(body), groups: (at(body).groups as { name: string }[]).filter(({ name }) => ['batch', 'coordination.k8s.io', 'storage.k8s.io', 'backup.harvesterhci.io', 'example.io', 'apiextensions.k8s.io'].includes(name)).sort((a, b) => (a.name < b.name ? -1 : 1)) });

export const DISCOVERY: readonly Scenario[] = [
  scenario('discovery', () => [
    get('versions of the core', '/api'),
    get('groups', '/apis', { pick: groups }),
    get('a group', '/apis/batch'),
    get('our group', '/apis/backup.harvesterhci.io'),
    get('core resources', '/api/v1', { pick: resources('configmaps', 'secrets', 'namespaces', 'namespaces/status', 'namespaces/finalize', 'persistentvolumes', 'persistentvolumes/status', 'persistentvolumeclaims', 'persistentvolumeclaims/status', 'pods', 'pods/status', 'pods/log', 'pods/binding', 'events', 'nodes', 'nodes/status', 'serviceaccounts', 'services') }),
    get('jobs', '/apis/batch/v1', { pick: resources('jobs', 'jobs/status') }),
    get('leases', '/apis/coordination.k8s.io/v1', { pick: resources() }),
    get('classes', '/apis/storage.k8s.io/v1', { pick: resources('storageclasses', 'csidrivers', 'volumeattachments') }),
    get('roles', '/apis/rbac.authorization.k8s.io/v1', { pick: resources() }),
    get('definitions', '/apis/apiextensions.k8s.io/v1', { pick: resources() }),
    get('reviews', '/apis/authorization.k8s.io/v1', { pick: resources('selfsubjectaccessreviews', 'subjectaccessreviews') }),
    get('ours', '/apis/backup.harvesterhci.io/v1beta1', { pick: resources() }),
    get('widgets', '/apis/example.io/v1', { pick: resources() }),
    get('a group that is none', '/apis/nonsense.example.io'),
    get('a version that is none', '/apis/backup.harvesterhci.io/v9'),
    get('the version', '/version', { pick: (body) => ({ fields: Object.keys(at(body)).sort(), major: at(body).major, minor: at(body).minor }) }),
    get('health', '/healthz'),
    get('readiness', '/readyz'),
    get('aggregated', '/apis', { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json', pick: (body) => at(body).kind }),
  ]),
];

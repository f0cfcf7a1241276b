import { API_VERSION, EVENT, GROUP, NODE, STORAGE_CLASS, VOLUME_SNAPSHOT_CLASS, type ResourceType } from '../../contract/api.ts';
import type { Clock } from '../../contract/clock.ts';
import type { Job, KubeEvent, KubeObject, StorageClass, VolumeSnapshotClass } from '../../contract/kubernetes.ts';
import { PRODUCT_VERSION } from '../../contract/version.ts';
import { isApiError, type KubeClient } from '../../kube/client.ts';
import type { Catalogue } from '../catalogue.ts';
import { redactObject, redactText } from './redact.ts';
import type { TarFile } from './tar.ts';

/** Objects in one file: bounds the memory that a large cluster's bundle takes. */
const OBJECTS_PER_FILE = 500;

/** What a bundle is made from. `client` is the server's own: it reads events, nodes and classes, nothing else. */
export interface BundleDeps {
  catalogue: Catalogue;
  client: KubeClient;
  clock: Clock;
  /** The last lines of this replica's log. */
  logLines: () => string[];
  metrics: () => Promise<string>;
}

interface Node extends KubeObject { spec?: { unschedulable?: boolean }; status?: { nodeInfo?: Record<string, unknown>; conditions?: { type: string; status: string; reason?: string }[] } }

/**
 * The files of a support bundle, made one after the other when each is wanted. Secrets are never read; of foreign objects just the
 * fields named here are taken, and everything passes the redaction. What can't be read is told in `problems.txt`.
 */
export async function* bundleFiles({ catalogue, client, clock, logLines, metrics }: BundleDeps): AsyncGenerator<TarFile> {
  const problems: string[] = [];
  const { engines, repositories, backups, restores, jobs } = catalogue;

  yield json('about.json', { product: 'harvester-vm-backup', version: PRODUCT_VERSION, node: process.version, apiVersion: API_VERSION, createdAt: clock.now().toISOString(), replica: 'log and metrics are those of the replica that answered' });
  for (const view of [engines, repositories, backups, restores]) yield* objectFiles(view.type.plural, view.list());
  yield* objectFiles('jobs', jobs.list().map(jobFacts));
  for (const [name, type, pick] of FOREIGN) yield* objectFiles(name, (await read(client, type, problems)).map(pick));
  yield* objectFiles('events', (await read<KubeEvent>(client, EVENT, problems)).filter(({ involvedObject }) => involvedObject.apiVersion?.startsWith(`${GROUP}/`)));
  yield { name: 'server.log', content: logLines().map(redactText).join('') };
  yield { name: 'metrics.txt', content: await metrics() };
  yield { name: 'problems.txt', content: problems.map((line) => `${redactText(line)}\n`).join('') };
}

const FOREIGN: readonly [string, ResourceType, (object: KubeObject) => object][] = [
  ['nodes', NODE, (object) => {
    const { metadata: { name, creationTimestamp }, spec, status } = object as Node;

    return { name, creationTimestamp, unschedulable: spec?.unschedulable, nodeInfo: status?.nodeInfo, conditions: status?.conditions?.map(({ type, status: state, reason }) => ({ type, status: state, reason })) };
  }],
  // Without parameters: some drivers take credentials there.
  ['storageclasses', STORAGE_CLASS, (object) => {
    const { metadata: { name }, provisioner, reclaimPolicy, volumeBindingMode, allowVolumeExpansion, allowedTopologies } = object as StorageClass;

    return { name, provisioner, reclaimPolicy, volumeBindingMode, allowVolumeExpansion, allowedTopologies };
  }],
  ['volumesnapshotclasses', VOLUME_SNAPSHOT_CLASS, (object) => {
    const { metadata: { name }, driver, deletionPolicy } = object as VolumeSnapshotClass;

    return { name, driver, deletionPolicy };
  }],
];

function jobFacts({ metadata: { name, namespace, labels, creationTimestamp, deletionTimestamp }, spec, status }: Job): object {
  return { name, namespace, labels, creationTimestamp, deletionTimestamp, images: spec.template.spec.containers.map(({ image }) => image), status };
}

async function read<T extends KubeObject>(client: KubeClient, type: ResourceType, problems: string[]): Promise<T[]> {
  try {
    return (await client.list<T>(type)).items;
  } catch (error) {
    // A bundle is wanted most when something does not work.
    problems.push(`${type.plural}: ${isApiError(error, 'NotFound') ? 'this cluster does not have the kind' : String(error)}`);
    return [];
  }
}

function* objectFiles(name: string, objects: readonly object[]): Generator<TarFile> {
  for (let first = 0; first < Math.max(1, objects.length); first += OBJECTS_PER_FILE) {
    const number = objects.length > OBJECTS_PER_FILE ? `-${String(first / OBJECTS_PER_FILE + 1).padStart(3, '0')}` : '';

    yield json(`objects/${name}${number}.json`, objects.slice(first, first + OBJECTS_PER_FILE));
  }
}

function json(name: string, value: unknown): TarFile {
  return { name, content: `${JSON.stringify(redactObject(value), undefined, 2)}\n` };
}

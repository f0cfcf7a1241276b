import { PVC, SECRET, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE, type ResourceType } from '../../contract/api.ts';
import type { BackupDocument } from '../../contract/backup-document.ts';
import type { FailureCode } from '../../contract/failures.ts';
import type { KubeObject, PersistentVolumeClaim, Secret, VirtualMachine } from '../../contract/kubernetes.ts';
import { LABEL_RESTORED_BY } from '../../contract/names.ts';
import type { RestorePlan, VMRestoreStatus } from '../../contract/vm-restore.ts';
import { restoredClaimAnnotations, restoredClaimLabels } from '../../domain/restore/metadata.ts';
import { ANNOTATION_RUN_STRATEGY, resumedRunStrategy, startBy } from '../../domain/restore/run-strategy.ts';
import { sanitiseVM } from '../../domain/restore/sanitise.ts';
import { ApiError, isApiError } from '../../kube/client.ts';
import { isOwnedBy, ownerReference } from '../../kube/objects.ts';
import { findRepository } from '../repository-of.ts';
import { withCreated } from './restore-volumes.ts';
import { failNow, go, goWith, wait, type Outcome, type Work } from './work.ts';

type Created = NonNullable<VMRestoreStatus['created']>;

/** Why the target could not be made; the restore is rolled back. */
class TargetError extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** CreatingVM: Secrets, then the VM, halted, over its finished PVCs; its run strategy last, as that starts it. */
export async function createVM(work: Work): Promise<Outcome> {
  const { context, status } = work;
  const lookup = await findRepository(context, status.backup?.repository ?? '');

  if (!lookup.found) return goWith('RollingBack', failNow(work, lookup.code, lookup.message));
  const read = await work.documents.read(work, lookup);

  if (read.state === 'Failed') return goWith('RollingBack', read.failure);
  if (read.state === 'Waiting') return wait(read.message, read.requeueAfterMs);
  if (!status.plan) throw new Error('there is no plan in the status');
  try {
    return await build(work, read.document, status.plan);
  } catch (error) {
    if (error instanceof TargetError) return goWith('RollingBack', failNow(work, error.code, error.message));
    throw error;
  }
}

async function build(work: Work, document: BackupDocument, plan: RestorePlan): Promise<Outcome> {
  const { namespace, spec, uid, status } = work;
  const names = secretNames(document, plan);
  let created: Created = status.created ?? [];
  const secrets: Secret[] = [];

  for (const { name, type, data } of document.secrets) {
    const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: names.get(name) ?? name, labels: { [LABEL_RESTORED_BY]: uid } }, data, ...(type ? { type } : {}) };

    secrets.push(await ensure(work, SECRET, secret, 'HVB-TARGET-CONFLICT'));
  }
  await labelClaims(work, document, plan);
  const resume = resumedRunStrategy(document.vm);
  const { vm: manifest } = sanitiseVM(document.vm, { restoreUID: uid, target: { namespace, name: spec.target.name }, volumes: plan.volumes, secretNames: names, keepMacAddresses: spec.keepMacAddresses, resume });
  const vm = await ensure(work, VIRTUAL_MACHINE, manifest, 'HVB-TARGET-VM-EXISTS');

  for (const secret of secrets) await own(work, secret, vm);
  for (const object of [...secrets, vm]) created = withCreated(created, createdOf(object));
  await applyRunStrategy(work, vm, plan);
  return startBy(plan.runStrategy, spec.start) === 'None' ? go('Completed', { created }) : go('Starting', { created });
}

/** New names by old ones. The plan lists Secrets in the order of the document, which the plan was made from. */
function secretNames(document: BackupDocument, plan: RestorePlan): Map<string, string> {
  const planned = plan.objects.filter(({ kind }) => kind === 'Secret');

  if (planned.length !== document.secrets.length) throw new Error(`the plan has ${planned.length} Secrets, the backup document ${document.secrets.length}`);
  return new Map(document.secrets.map(({ name }, index) => [name, planned[index]?.name ?? name]));
}

const createdOf = (object: KubeObject): Created[number] => ({ kind: object.kind, namespace: object.metadata.namespace ?? '', name: object.metadata.name, uid: object.metadata.uid ?? '' });

/** Creates the object, or finds the one that an earlier look had created. Somebody else's object of that name is a conflict. */
async function ensure<T extends KubeObject>(work: Work, type: ResourceType, object: T, taken: FailureCode): Promise<T> {
  const found = await work.context.client.find<T>(type, object.metadata) ?? await tryCreate(work, type, object);
  const where = `${type.kind} ${object.metadata.namespace}/${object.metadata.name}`;

  if (found?.metadata.labels?.[LABEL_RESTORED_BY] !== work.uid) throw new TargetError(taken, `${where} exists and was not made by this restore.`);
  if (found.metadata.deletionTimestamp) throw new TargetError(taken, `${where} is being deleted by somebody while the restore is at work.`);
  return found;
}

async function tryCreate<T extends KubeObject>({ context: { client } }: Work, type: ResourceType, object: T): Promise<T | undefined> {
  try {
    return await refusable(`${type.kind} ${object.metadata.namespace}/${object.metadata.name}`, () => client.create(type, object));
  } catch (error) {
    if (isApiError(error, 'AlreadyExists')) return client.find<T>(type, object.metadata);
    throw error;
  }
}

/** A refusal by the API (validation, quota, permission, an admission webhook) will be the same the next time. */
async function refusable<T>(where: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ApiError && [400, 403, 404, 422].includes(error.code)) throw new TargetError('HVB-TARGET-REJECTED', `${where} was refused: ${error.message}`);
    throw error;
  }
}

/** A person's labels and annotations of each disk, which the engine does not know. */
async function labelClaims({ context: { client }, namespace, uid }: Work, document: BackupDocument, plan: RestorePlan): Promise<void> {
  for (const volume of plan.volumes) {
    const source = document.volumes.find(({ name }) => name === volume.name);
    const claim = await client.find<PersistentVolumeClaim>(PVC, { namespace, name: volume.claimName });
    const labels = restoredClaimLabels(source?.labels);
    const annotations = restoredClaimAnnotations(source?.annotations, volume.storageClassName === volume.sourceStorageClassName);

    if (claim?.metadata.labels?.[LABEL_RESTORED_BY] !== uid) throw new TargetError('HVB-TARGET-CONFLICT', `PersistentVolumeClaim ${namespace}/${volume.claimName}, which was restored, is gone or is another one now.`);
    if (Object.keys(labels).length + Object.keys(annotations).length > 0) {
      await client.patch(PVC, { namespace, name: volume.claimName }, { metadata: { uid: claim.metadata.uid, labels, annotations } });
    }
  }
}

/** A restored Secret goes with its VM. */
async function own({ context: { client } }: Work, secret: Secret, vm: VirtualMachine): Promise<void> {
  if (isOwnedBy(secret, vm)) return;
  const { namespace, name, uid, ownerReferences = [] } = secret.metadata;

  await client.patch(SECRET, { ...(namespace === undefined ? {} : { namespace }), name }, { metadata: { uid, ownerReferences: [...ownerReferences, ownerReference(vm, { controller: false })] } });
}

/**
 * Sets the final strategy. Harvester's webhook puts the one in the annotation in place of any that follows Halted, which is
 * why the VM was created with that annotation.
 */
async function applyRunStrategy({ context: { client }, namespace, spec }: Work, vm: VirtualMachine, plan: RestorePlan): Promise<void> {
  const key = { namespace, name: vm.metadata.name };
  const where = `VirtualMachine ${namespace}/${vm.metadata.name}`;

  if (vm.spec.runStrategy !== plan.runStrategy) {
    const annotations = plan.runStrategy === 'Halted' ? {} : { annotations: { [ANNOTATION_RUN_STRATEGY]: plan.runStrategy } };

    await refusable(where, () => client.patch(VIRTUAL_MACHINE, key, { metadata: { uid: vm.metadata.uid, ...annotations }, spec: { runStrategy: plan.runStrategy } }));
  }
  if (startBy(plan.runStrategy, spec.start) === 'Call' && !await client.find(VIRTUAL_MACHINE_INSTANCE, key)) {
    await refusable(where, () => client.putSubresource(VIRTUAL_MACHINE, key, 'start', {}));
  }
}

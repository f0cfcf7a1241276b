import { PVC, SECRET } from '../../contract/api.ts';
import { KEY_SECRET_ENTRY, type BackupRepository } from '../../contract/backup-repository.ts';
import { failure } from '../../contract/failures.ts';
import type { PersistentVolumeClaim, Secret } from '../../contract/kubernetes.ts';
import { SYSTEM_NAMESPACE } from '../../contract/names.ts';
import { createTarget } from '../../expose/create-target.ts';
import { exposeSnapshot } from '../../expose/expose-snapshot.ts';
import type { ExposeDeps, Failed, Waiting } from '../../expose/result.ts';
import type { Operation } from '../engine.ts';
import type { VolumeMount } from './job.ts';

/** Everything that the pod needs is there. `blank`: the volume reads as zeros. */
export interface Prepared { state: 'Ready'; volume?: VolumeMount; blank?: boolean }

/** What the repository needs in the system namespace; told before a pod hangs on it without a word. */
async function checkRepository({ client, clock }: ExposeDeps, repository: BackupRepository): Promise<Failed | undefined> {
  const { encryption, target } = repository.spec;
  const secret = await client.find<Secret>(SECRET, { namespace: SYSTEM_NAMESPACE, name: encryption.secretRef.name });

  if (!secret?.data?.[KEY_SECRET_ENTRY]) {
    return { state: 'Failed', failure: failure('HVB-REPO-KEY-MISSING', `Secret ${SYSTEM_NAMESPACE}/${encryption.secretRef.name} ${secret ? `has no entry ${KEY_SECRET_ENTRY}` : 'does not exist'}.`, clock.now()) };
  }
  const { claimName } = target.filesystem;
  const claim = await client.find<PersistentVolumeClaim>(PVC, { namespace: SYSTEM_NAMESPACE, name: claimName });

  return claim && !claim.metadata.deletionTimestamp
    ? undefined
    : { state: 'Failed', failure: failure('HVB-REPO-TARGET-MISSING', `PersistentVolumeClaim ${SYSTEM_NAMESPACE}/${claimName} of repository ${repository.metadata.name} does not exist.`, clock.now()) };
}

/** Does the next step towards a pod that can start: the repository's objects checked, the volume exposed or made. */
export async function prepare(deps: ExposeDeps, operation: Operation): Promise<Prepared | Waiting | Failed> {
  const { task, repository } = operation;
  const trouble = repository && task.type !== 'describe' ? await checkRepository(deps, repository) : undefined;

  if (trouble) {
    return trouble;
  }
  if (task.type === 'backup-volume') {
    const exposed = await exposeSnapshot(deps, operation, { snapshot: task.snapshot, sizeBytes: task.volume.sizeBytes });

    return exposed.state === 'Ready' ? { state: 'Ready', volume: { claimName: exposed.claimName, volumeMode: exposed.volumeMode, readOnly: true } } : exposed;
  }
  if (task.type === 'restore-volume') {
    const target = await createTarget(deps, operation, task.target);

    return target.state === 'Ready' ? { state: 'Ready', blank: target.blank, volume: { claimName: target.claimName, volumeMode: task.target.volumeMode, readOnly: false } } : target;
  }

  return { state: 'Ready' };
}

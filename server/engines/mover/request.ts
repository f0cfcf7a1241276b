import { posix } from 'node:path';
import { DOCUMENT_FILE, REPOSITORY_DIR, REPOSITORY_KEY_FILE, VOLUME_DEVICE, VOLUME_IMAGE } from '../../contract/mover-paths.ts';
import { MOVER_API, requestSchema, type MoverRequest, type MoverResult, type MoverVerb } from '../../contract/mover-protocol.ts';
import type { VolumeMode } from '../../contract/kubernetes.ts';
import type { Operation, Task } from '../engine.ts';

/** What only the cluster could tell: how the volume reaches the pod, and the key that a document is sealed to. */
export interface RequestFacts { volumeMode?: VolumeMode; blank?: boolean; recipientPublicKey?: Buffer }

const VERBS: Readonly<Record<Task['type'], MoverVerb>> = {
  describe: 'describe', init: 'init', probe: 'probe', remove: 'remove', verify: 'verify',
  'backup-volume': 'backup', 'backup-document': 'backup', 'restore-volume': 'restore', 'restore-document': 'restore',
};

/** The mover's verb for a task. */
export function verbOf(task: Task): MoverVerb {
  return VERBS[task.type];
}

/** The `type` of the result that a task has to end with: the same words. */
export function isResultOf(task: Task, result: MoverResult): boolean {
  return result.type === task.type;
}

/** The mover's request for an operation; all paths are those of the pod. Throws for an operation that lacks what its task needs. */
export function buildRequest(operation: Operation, facts: RequestFacts): MoverRequest {
  return requestSchema.parse({ apiVersion: MOVER_API, operationID: operation.id, verb: verbOf(operation.task), ...repositoryPart(operation), ...taskPart(operation.task, facts) });
}

function repositoryPart({ task, repository, engine }: Operation): object {
  if (task.type === 'describe') {
    return {};
  }
  if (!repository) {
    throw new Error(`operation ${task.type} needs a repository`);
  }
  const path = posix.join(REPOSITORY_DIR, repository.spec.target.filesystem.path);

  return { repository: { location: { type: 'filesystem', path }, keyFile: REPOSITORY_KEY_FILE, ...(engine.spec.parameters ? { parameters: engine.spec.parameters } : {}) } };
}

function taskPart(task: Task, { volumeMode, blank = false, recipientPublicKey }: RequestFacts): object {
  const path = volumeMode === 'Block' ? VOLUME_DEVICE : VOLUME_IMAGE;

  switch (task.type) {
    case 'describe':
    case 'init':
    case 'probe':
      return {};
    case 'verify':
      return { documentID: task.documentID };
    case 'remove':
      return { backupUID: task.backupUID };
    case 'backup-volume':
      return { identity: task.identity, what: { type: 'volume', volume: { ...task.volume, path } } };
    case 'backup-document':
      return { identity: task.identity, what: { type: 'document', documentFile: DOCUMENT_FILE, volumes: task.volumes } };
    case 'restore-volume': {
      const { documentID, snapshotID, sourceName, sourceBytes, target } = task;

      return { documentID, what: { type: 'volume', snapshotID, sourceName, sourceBytes, blank, volume: { name: target.claimName, path, sizeBytes: target.imageBytes } } };
    }
    case 'restore-document':
      return { documentID: task.documentID, what: { type: 'document', recipientPublicKey: recipientPublicKey?.toString('base64') } };
  }
}

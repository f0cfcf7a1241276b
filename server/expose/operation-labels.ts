import { GROUP } from '../contract/api.ts';
import type { KubeObject } from '../contract/kubernetes.ts';
import { LABEL_OPERATION, LABEL_OWNER_KIND, LABEL_OWNER_UID } from '../contract/names.ts';
import type { Operation } from '../engines/engine.ts';
import { hasLabels, hashedName, labelSelector } from '../kube/objects.ts';

/** The part of an operation that its objects in the cluster hang on. */
export type OperationRef = Pick<Operation, 'id' | 'owner'>;

/** On the PersistentVolume of an operation: what it is to the operation. */
export const LABEL_VOLUME_ROLE = `${GROUP}/volume-role`;
/** A volume made from a snapshot, to be read; worthless after the operation. */
export const ROLE_SOURCE = 'source';
/** A volume that was written and is on its way to its own namespace. The label is gone once it has arrived. */
export const ROLE_TARGET = 'target';

/** On a PVC that a restore made for good: the exact id of the operation that filled it, so that it is known again after a restart. */
export const ANNOTATION_OPERATION = `${GROUP}/operation-id`;

const MAX_LABEL = 63;
const LABEL_VALUE = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** The operation's id as a label value: itself where it is one, else a hashed form of it. */
export function operationLabelValue(id: string): string {
  return id.length <= MAX_LABEL && LABEL_VALUE.test(id) ? id : hashedName(id);
}

/** Labels of every temporary object of the operation; clean-up goes by all of them together. */
export function operationLabels({ id, owner }: OperationRef): Record<string, string> {
  return { [LABEL_OPERATION]: operationLabelValue(id), [LABEL_OWNER_UID]: owner.uid, [LABEL_OWNER_KIND]: owner.kind };
}

/** Selects every temporary object of the operation. */
export function operationSelector(operation: OperationRef): string {
  return labelSelector(operationLabels(operation));
}

/** True for a temporary object of just this operation. Nothing else may be changed or deleted in its name. */
export function belongsTo(operation: OperationRef, object: KubeObject): boolean {
  return hasLabels(object, operationLabels(operation));
}

/** PersistentVolumes and claims. */
import type { TypeStrategy } from '../resource-type.ts';
import type { JsonObject, KubeObject } from '../types.ts';
import type { FieldError } from '../status.ts';
import { forbiddenField, required, unsupportedValue } from '../status.ts';
import { deepEqual, getPath, isObject, omit } from '../object.ts';

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

function specOf(object: KubeObject): JsonObject {
  return isObject(object.spec) ? object.spec : {};
}

function validateModes(object: KubeObject): FieldError[] {
  const modes = specOf(object).accessModes;
  if (!Array.isArray(modes) || modes.length === 0) return [required('spec.accessModes', 'at least 1 access mode is required')];
  return modes.filter((mode) => !ACCESS_MODES.includes(String(mode))).map((mode) => unsupportedValue('spec.accessModes', mode, ACCESS_MODES));
}

function addFinalizer(object: KubeObject, finalizer: string): void {
  const finalizers = object.metadata.finalizers ?? [];
  if (!finalizers.includes(finalizer)) object.metadata.finalizers = [...finalizers, finalizer];
}

export const volumeStrategy: TypeStrategy = {
  prepareCreate(volume, { storageProtection }) {
    const spec = specOf(volume);
    spec.persistentVolumeReclaimPolicy ??= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    volume.spec = spec;
    volume.status = { phase: 'Pending' };
    if (storageProtection) addFinalizer(volume, 'kubernetes.io/pv-protection');
  },
  validate(volume) {
    const errors = validateModes(volume);
    if (getPath(volume, ['spec', 'capacity', 'storage']) === undefined) errors.push(required('spec.capacity'));
    return errors;
  },
  validateUpdate(volume, old) {
    const errors: FieldError[] = [];
    for (const source of ['csi', 'hostPath', 'local', 'nfs']) {
      const before = specOf(old)[source];
      if (before !== undefined && !deepEqual(before, specOf(volume)[source])) errors.push(forbiddenField('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation'));
    }
    if (specOf(volume).volumeMode !== specOf(old).volumeMode) {
      errors.push({ field: 'spec.volumeMode', reason: 'FieldValueInvalid', text: `Invalid value: ${JSON.stringify(specOf(volume).volumeMode)}: field is immutable` });
    }
    return errors;
  },
};

export const claimStrategy: TypeStrategy = {
  prepareCreate(claim, { storageProtection }) {
    const spec = specOf(claim);
    spec.volumeMode ??= 'Filesystem';
    // Either way to name the source sets the other, as long as it is in the claim's own namespace.
    if (isObject(spec.dataSource)) spec.dataSourceRef ??= { ...spec.dataSource };
    else if (isObject(spec.dataSourceRef) && !spec.dataSourceRef.namespace) spec.dataSource = { ...spec.dataSourceRef };
    claim.spec = spec;
    claim.status = { phase: 'Pending' };
    if (storageProtection) addFinalizer(claim, 'kubernetes.io/pvc-protection');
  },
  validate(claim) {
    const errors = validateModes(claim);
    if (getPath(claim, ['spec', 'resources', 'requests', 'storage']) === undefined) errors.push(required('spec.resources[storage]'));
    return errors;
  },
  validateUpdate(claim, old) {
    // The binder may set volumeName once; requests may grow on bound claims; the rest of spec is fixed.
    const flexible = ['resources', 'volumeAttributesClassName', ...(specOf(old).volumeName ? [] : ['volumeName', 'storageClassName'])];
    const same = deepEqual(omit(specOf(claim), flexible), omit(specOf(old), flexible));
    const resized = !deepEqual(specOf(claim).resources, specOf(old).resources);
    const bound = getPath(old, ['status', 'phase']) === 'Bound';
    if (same && (!resized || bound)) return [];
    return [forbiddenField('spec', 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims')];
  },
};

/** PersistentVolumes and claims. */
import type { TypeStrategy } from '../resource-type.ts';
import type { JsonObject, KubeObject } from '../types.ts';
import type { FieldError } from '../status.ts';
import { badRequest, forbiddenField, invalidValue, required, unsupportedValue } from '../status.ts';
import { parseQuantity } from '../schema/cel-library.ts';
import { deepEqual, getPath, isObject, omit } from '../object.ts';

const REQUEST = ['spec', 'resources', 'requests', 'storage'];
const CAPACITY = ['status', 'capacity', 'storage'];
/** Fields of a volume's spec that are no source. */
const NO_SOURCE = new Set(['accessModes', 'capacity', 'claimRef', 'mountOptions', 'nodeAffinity', 'persistentVolumeReclaimPolicy', 'storageClassName', 'volumeAttributesClassName', 'volumeMode']);
const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

function specOf(object: KubeObject): JsonObject {
  return isObject(object.spec) ? object.spec : {};
}

function validateModes(object: KubeObject): FieldError[] {
  const modes = specOf(object).accessModes;
  if (!Array.isArray(modes) || modes.length === 0) return [required('spec.accessModes', 'at least 1 access mode is required')];
  return modes.filter((mode) => !ACCESS_MODES.includes(String(mode))).map((mode) => unsupportedValue('spec.accessModes', mode, ACCESS_MODES));
}

const MODES = ['Block', 'Filesystem'];

function validateVolumeMode(object: KubeObject): FieldError[] {
  const { volumeMode } = specOf(object);
  return volumeMode === undefined || MODES.includes(String(volumeMode)) ? [] : [unsupportedValue('spec.volumeMode', volumeMode, MODES)];
}

/** The decoder of the real server takes quantities only. */
function checkQuantity(object: KubeObject, path: readonly string[]): void {
  const text = getPath(object, path);
  if (text === undefined || text === null || parseQuantity(String(text))) return;
  throw badRequest(`${object.kind} in version "v1" cannot be handled as a ${object.kind}: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`);
}

function addFinalizer(object: KubeObject, finalizer: string): void {
  const finalizers = object.metadata.finalizers ?? [];
  if (!finalizers.includes(finalizer)) object.metadata.finalizers = [...finalizers, finalizer];
}

export const volumeStrategy: TypeStrategy = {
  prepareCreate(volume, { storageProtection }) {
    checkQuantity(volume, ['spec', 'capacity', 'storage']);
    const spec = specOf(volume);
    spec.persistentVolumeReclaimPolicy ??= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    volume.spec = spec;
    volume.status = { phase: 'Pending', lastPhaseTransitionTime: volume.metadata.creationTimestamp };
    if (storageProtection) addFinalizer(volume, 'kubernetes.io/pv-protection');
  },
  prepareStatus(volume, old, now) {
    const [phase, before] = [getPath(volume, ['status', 'phase']), getPath(old, ['status', 'phase'])];
    const lastPhaseTransitionTime = phase === before ? getPath(volume, ['status', 'lastPhaseTransitionTime']) ?? getPath(old, ['status', 'lastPhaseTransitionTime']) : now;
    volume.status = { ...(isObject(volume.status) ? volume.status : {}), ...(lastPhaseTransitionTime === undefined ? {} : { lastPhaseTransitionTime }) };
  },
  validate(volume) {
    const errors = validateModes(volume);
    if (getPath(volume, ['spec', 'capacity', 'storage']) === undefined) {
      errors.push(required('spec.capacity'), { field: 'spec.capacity', reason: 'FieldValueNotSupported', text: 'Unsupported value: core.ResourceList(nil): supported values: "storage"' });
    }
    if (!Object.entries(specOf(volume)).some(([field, value]) => !NO_SOURCE.has(field) && isObject(value))) errors.push(required('spec', 'must specify a volume type'));
    return [...errors, ...validateVolumeMode(volume)];
  },
  validateUpdate(volume, old) {
    const errors: FieldError[] = [];
    for (const source of ['csi', 'hostPath', 'local', 'nfs']) {
      const before = specOf(old)[source];
      if (before !== undefined && !deepEqual(before, specOf(volume)[source])) errors.push(forbiddenField('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation'));
    }
    if (specOf(volume).volumeMode !== specOf(old).volumeMode) {
      errors.push({ field: 'volumeMode', reason: 'FieldValueInvalid', text: `Invalid value: ${JSON.stringify(specOf(volume).volumeMode)}: field is immutable` });
    }
    return errors;
  },
};

/** In bytes; 0 where there is none. */
function sizeOf(object: KubeObject, path: readonly string[]): number {
  return parseQuantity(String(getPath(object, path) ?? '0'))?.value ?? 0;
}

/** A claim is made of a claim or a snapshot; the real server drops anything else in silence. */
function isSource({ apiGroup, kind }: JsonObject): boolean {
  return apiGroup ? apiGroup === 'snapshot.storage.k8s.io' && kind === 'VolumeSnapshot' : kind === 'PersistentVolumeClaim';
}

export const claimStrategy: TypeStrategy = {
  prepareCreate(claim, { storageProtection }) {
    const spec = specOf(claim);
    spec.volumeMode ??= 'Filesystem';
    checkQuantity(claim, REQUEST);
    if (isObject(spec.dataSource) && !isSource(spec.dataSource)) delete spec.dataSource;
    // Either way to name the source sets the other, as long as it is in the claim's own namespace.
    if (isObject(spec.dataSource)) spec.dataSource = { apiGroup: null, ...spec.dataSource };
    if (isObject(spec.dataSource)) spec.dataSourceRef ??= { ...spec.dataSource };
    else if (isObject(spec.dataSourceRef) && !spec.dataSourceRef.namespace) spec.dataSource = { ...spec.dataSourceRef };
    claim.spec = spec;
    claim.status = { phase: 'Pending' };
    if (storageProtection) addFinalizer(claim, 'kubernetes.io/pvc-protection');
  },
  validate(claim) {
    const errors = validateModes(claim);
    const size = getPath(claim, REQUEST);
    if (size === undefined) errors.push(required('spec.resources[storage]'));
    else if ((parseQuantity(String(size))?.value ?? 0) <= 0) errors.push(invalidValue('spec.resources[storage]', size, 'must be greater than zero'));
    return [...errors, ...validateVolumeMode(claim)];
  },
  validateUpdate(claim, old) {
    // The binder may set volumeName once, and a default class where none was named; requests may grow on bound claims; the rest of spec is fixed.
    const flexible = ['resources', 'volumeAttributesClassName', ...(specOf(old).volumeName ? [] : ['volumeName']), ...(specOf(old).storageClassName === undefined ? ['storageClassName'] : [])];
    const same = deepEqual(omit(specOf(claim), flexible), omit(specOf(old), flexible));
    const resized = !deepEqual(specOf(claim).resources, specOf(old).resources);
    const bound = getPath(old, ['status', 'phase']) === 'Bound';
    if (same && resized && bound && sizeOf(claim, REQUEST) < sizeOf(old, REQUEST) && sizeOf(claim, REQUEST) <= sizeOf(old, CAPACITY)) {
      return [forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity')];
    }
    if (same && (!resized || bound)) return [];
    return [forbiddenField('spec', 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims')];
  },
};

/** Builders of the bodies that scenarios send, and the paths that they send them to. */
import type { JsonObject } from '../../../server/embedded/api/index.ts';

/** Path of a collection in a namespace; group '' is the core group. */
export const paths = {
  core: (namespace: string, plural: string, name?: string): string => `/api/v1/namespaces/${namespace}/${plural}${name === undefined ? '' : `/${name}`}`,
  group: (groupVersion: string, namespace: string, plural: string, name?: string): string => `/apis/${groupVersion}/namespaces/${namespace}/${plural}${name === undefined ? '' : `/${name}`}`,
  cluster: (groupVersion: string, plural: string, name?: string): string => `${groupVersion === 'v1' ? '/api' : '/apis'}/${groupVersion}/${plural}${name === undefined ? '' : `/${name}`}`,
};

/** An object of any kind. */
export const object = (apiVersion: string, kind: string, name: string, rest: JsonObject = {}, metadata: JsonObject = {}): JsonObject =>
  ({ apiVersion, kind, metadata: { ...(name === '' ? {} : { name }), ...metadata }, ...rest });

export const configMap = (name: string, data: JsonObject = { a: '1' }, metadata: JsonObject = {}): JsonObject => object('v1', 'ConfigMap', name, { data }, metadata);
export const secret = (name: string, rest: JsonObject = { stringData: { password: 'one' } }, metadata: JsonObject = {}): JsonObject => object('v1', 'Secret', name, rest, metadata);

export const claim = (name: string, spec: JsonObject = {}, metadata: JsonObject = {}): JsonObject =>
  object('v1', 'PersistentVolumeClaim', name, { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'fast', ...spec } }, metadata);

export const volume = (name: string, spec: JsonObject = {}): JsonObject => object('v1', 'PersistentVolume', name, {
  spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, csi: { driver: 'driver.example.io', volumeHandle: 'h1' }, ...spec },
});

/** The pod template that our movers use, in its shape. */
const POD_SPEC = {
  restartPolicy: 'Never', automountServiceAccountToken: false,
  containers: [{ name: 'mover', image: 'registry.example.io/mover:1.0', args: ['backup'], volumeDevices: [{ name: 'disk', devicePath: '/dev/disk' }] }],
  volumes: [{ name: 'disk', persistentVolumeClaim: { claimName: 'disk' } }],
};

export const pod = (name: string, spec: JsonObject = {}, metadata: JsonObject = {}): JsonObject => object('v1', 'Pod', name, { spec: { ...POD_SPEC, ...spec } }, metadata);
export const job = (name: string, spec: JsonObject = {}, template: JsonObject = {}): JsonObject =>
  object('batch/v1', 'Job', name, { spec: { backoffLimit: 0, template: { spec: { ...POD_SPEC, ...template } }, ...spec } });
export const node = (name: string): JsonObject => object('v1', 'Node', name);

/** The reference with which `dependent` belongs to an object. */
export const ownedBy = (apiVersion: string, kind: string, name: string, uid: string, more: JsonObject = {}): JsonObject => ({ ownerReferences: [{ apiVersion, kind, name, uid, ...more }] });

export const OURS = 'backup.harvesterhci.io/v1beta1';
export const backup = (name: string, spec: JsonObject = {}, metadata: JsonObject = {}): JsonObject =>
  object(OURS, 'VMBackup', name, { spec: { source: { name: 'vm' }, repository: 'main', ...spec } }, metadata);

export const WIDGETS = 'example.io/v1';
export const widget = (name: string, spec: JsonObject = { source: 'a' }, metadata: JsonObject = {}): JsonObject => object(WIDGETS, 'Widget', name, { spec }, metadata);

const text = { type: 'string' };

/** A type with everything that a schema may say and this project's types say, or may say one day. */
export const TEST_CRDS: readonly JsonObject[] = [object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'widgets.example.io', {
  spec: {
    group: 'example.io', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], categories: ['all'] },
    versions: [{
      name: 'v1', served: true, storage: true, subresources: { status: {} },
      additionalPrinterColumns: [
        { name: 'Size', type: 'integer', jsonPath: '.spec.size', description: 'How large' }, { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
        { name: 'Labels', type: 'string', jsonPath: '.spec.labels', priority: 1 }, { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      ],
      selectableFields: [{ jsonPath: '.spec.source' }],
      schema: {
        openAPIV3Schema: {
          type: 'object', required: ['spec'],
          properties: {
            spec: {
              type: 'object', required: ['source'],
              'x-kubernetes-validations': [
                { rule: 'self.source == oldSelf.source', message: 'source is immutable', fieldPath: '.source' },
                { rule: '!has(self.size) || self.size < 100', messageExpression: '"size must be below 100 for " + self.source' },
                { rule: '!has(self.secret) || has(self.labels)', reason: 'FieldValueForbidden', message: 'secret needs labels', fieldPath: '.secret' },
              ],
              properties: {
                source: { type: 'string', minLength: 1, maxLength: 10, pattern: '^[a-z]+$' }, size: { type: 'integer', default: 3, minimum: 1, maximum: 1000 }, ratio: { type: 'number' },
                mode: { type: 'string', enum: ['Fast', 'Slow'] }, when: { type: 'string', format: 'date-time' }, on: { type: 'boolean' }, secret: text,
                labels: { type: 'object', additionalProperties: text, maxProperties: 2 }, nothing: { type: 'string', nullable: true }, amount: { 'x-kubernetes-int-or-string': true },
                options: { type: 'object', default: {}, properties: { retries: { type: 'integer', default: 5 } } },
                tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: text, maxItems: 3 },
                parts: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], items: { type: 'object', required: ['name'], properties: { name: text, value: text, weight: { type: 'integer', default: 1 } } } },
                steps: { type: 'array', items: { type: 'object', properties: { name: text } } },
                free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              },
            },
            status: { type: 'object', properties: { phase: text, conditions: { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } } },
          },
        },
      },
    }],
  },
})];

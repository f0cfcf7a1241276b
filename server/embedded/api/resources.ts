/** The resource types that are served without a CustomResourceDefinition. */
import type { PrinterColumn, ResourceType, TypeStrategy } from './resource-type.ts';
import { strategies } from './builtins/strategies.ts';

interface Declaration {
  kind: string;
  plural: string;
  shortNames?: string[];
  cluster?: true;
  status?: true;
  generation?: true;
  returnsDeleted?: true;
  orphanByDefault?: true;
  selectable?: Record<string, readonly string[]>;
  columns?: PrinterColumn[];
  categories?: string[];
  versionRequired?: true;
}

const column = (name: string, jsonPath: string, type = 'string'): PrinterColumn => ({ name, type, jsonPath });

const CORE: Declaration[] = [
  { kind: 'Namespace', plural: 'namespaces', shortNames: ['ns'], cluster: true, status: true, selectable: { 'status.phase': ['status', 'phase'] }, columns: [column('Status', '.status.phase')] },
  { kind: 'Node', plural: 'nodes', shortNames: ['no'], cluster: true, status: true, selectable: { 'spec.unschedulable': ['spec', 'unschedulable'] } },
  {
    kind: 'Pod', plural: 'pods', shortNames: ['po'], categories: ['all'], status: true, generation: true, returnsDeleted: true, columns: [column('Status', '.status.phase')],
    selectable: { 'status.phase': ['status', 'phase'], 'spec.nodeName': ['spec', 'nodeName'], 'spec.restartPolicy': ['spec', 'restartPolicy'], 'spec.serviceAccountName': ['spec', 'serviceAccountName'], 'status.podIP': ['status', 'podIP'] },
  },
  { kind: 'Secret', plural: 'secrets', selectable: { type: ['type'] }, columns: [column('Type', '.type')] },
  { kind: 'ConfigMap', plural: 'configmaps', shortNames: ['cm'] },
  {
    kind: 'PersistentVolume', plural: 'persistentvolumes', shortNames: ['pv'], cluster: true, status: true, returnsDeleted: true,
    columns: [column('Capacity', '.spec.capacity.storage'), column('Status', '.status.phase'), column('StorageClass', '.spec.storageClassName')],
  },
  {
    kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims', shortNames: ['pvc'], status: true, returnsDeleted: true,
    columns: [column('Status', '.status.phase'), column('Volume', '.spec.volumeName'), column('StorageClass', '.spec.storageClassName')],
  },
  {
    kind: 'Event', plural: 'events', shortNames: ['ev'],
    selectable: {
      'involvedObject.kind': ['involvedObject', 'kind'], 'involvedObject.namespace': ['involvedObject', 'namespace'], 'involvedObject.name': ['involvedObject', 'name'],
      'involvedObject.uid': ['involvedObject', 'uid'], 'involvedObject.apiVersion': ['involvedObject', 'apiVersion'], reason: ['reason'], type: ['type'], reportingComponent: ['reportingComponent'],
    },
    columns: [column('Type', '.type'), column('Reason', '.reason'), column('Message', '.message')],
  },
  { kind: 'ServiceAccount', plural: 'serviceaccounts', shortNames: ['sa'], returnsDeleted: true },
  { kind: 'Service', plural: 'services', shortNames: ['svc'], categories: ['all'], status: true, returnsDeleted: true },
];

const GROUPS: Array<{ group: string; version: string; custom: boolean; types: Declaration[] }> = [
  { group: '', version: 'v1', custom: false, types: CORE },
  { group: 'apps', version: 'v1', custom: false, types: [{ kind: 'Deployment', plural: 'deployments', shortNames: ['deploy'], categories: ['all'], status: true, generation: true }] },
  {
    group: 'batch', version: 'v1', custom: false,
    types: [{ kind: 'Job', plural: 'jobs', categories: ['all'], status: true, generation: true, orphanByDefault: true, selectable: { 'status.successful': ['status', 'succeeded'] } }],
  },
  { group: 'coordination.k8s.io', version: 'v1', custom: false, types: [{ kind: 'Lease', plural: 'leases', versionRequired: true, columns: [column('Holder', '.spec.holderIdentity')] }] },
  {
    group: 'storage.k8s.io', version: 'v1', custom: false,
    types: [
      { kind: 'StorageClass', plural: 'storageclasses', shortNames: ['sc'], cluster: true, columns: [column('Provisioner', '.provisioner')] },
      { kind: 'CSIDriver', plural: 'csidrivers', cluster: true },
      { kind: 'VolumeAttachment', plural: 'volumeattachments', cluster: true, status: true },
    ],
  },
  {
    group: 'rbac.authorization.k8s.io', version: 'v1', custom: false,
    types: [
      { kind: 'Role', plural: 'roles' }, { kind: 'RoleBinding', plural: 'rolebindings' },
      { kind: 'ClusterRole', plural: 'clusterroles', cluster: true }, { kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', cluster: true },
    ],
  },
  {
    group: 'admissionregistration.k8s.io', version: 'v1', custom: false,
    types: [
      { kind: 'ValidatingAdmissionPolicy', plural: 'validatingadmissionpolicies', cluster: true, status: true, generation: true },
      { kind: 'ValidatingAdmissionPolicyBinding', plural: 'validatingadmissionpolicybindings', cluster: true, generation: true },
    ],
  },
  {
    group: 'apiextensions.k8s.io', version: 'v1', custom: false,
    types: [{ kind: 'CustomResourceDefinition', plural: 'customresourcedefinitions', shortNames: ['crd', 'crds'], categories: ['api-extensions'], versionRequired: true, cluster: true, status: true, generation: true }],
  },
  {
    group: 'snapshot.storage.k8s.io', version: 'v1', custom: true,
    types: [
      { kind: 'VolumeSnapshot', plural: 'volumesnapshots', shortNames: ['vs'], status: true, columns: [column('ReadyToUse', '.status.readyToUse', 'boolean'), column('SourcePVC', '.spec.source.persistentVolumeClaimName')] },
      { kind: 'VolumeSnapshotContent', plural: 'volumesnapshotcontents', shortNames: ['vsc', 'vscs'], cluster: true, status: true },
      { kind: 'VolumeSnapshotClass', plural: 'volumesnapshotclasses', shortNames: ['vsclass', 'vsclasses'], cluster: true },
    ],
  },
  {
    group: 'kubevirt.io', version: 'v1', custom: true,
    types: [
      { kind: 'VirtualMachine', plural: 'virtualmachines', shortNames: ['vm', 'vms'], status: true, columns: [column('Status', '.status.printableStatus'), column('Ready', ".status.conditions[?(@.type=='Ready')].status")] },
      { kind: 'VirtualMachineInstance', plural: 'virtualmachineinstances', shortNames: ['vmi', 'vmis'], columns: [column('Phase', '.status.phase'), column('NodeName', '.status.nodeName')] },
    ],
  },
  {
    group: 'instancetype.kubevirt.io', version: 'v1beta1', custom: true,
    types: [
      { kind: 'VirtualMachineInstancetype', plural: 'virtualmachineinstancetypes' },
      { kind: 'VirtualMachineClusterInstancetype', plural: 'virtualmachineclusterinstancetypes', cluster: true },
      { kind: 'VirtualMachinePreference', plural: 'virtualmachinepreferences' },
      { kind: 'VirtualMachineClusterPreference', plural: 'virtualmachineclusterpreferences', cluster: true },
    ],
  },
  {
    group: 'cdi.kubevirt.io', version: 'v1beta1', custom: true,
    types: [{ kind: 'DataVolume', plural: 'datavolumes', shortNames: ['dv', 'dvs'], status: true }, { kind: 'StorageProfile', plural: 'storageprofiles', cluster: true, status: true }],
  },
  { group: 'k8s.cni.cncf.io', version: 'v1', custom: true, types: [{ kind: 'NetworkAttachmentDefinition', plural: 'network-attachment-definitions', shortNames: ['net-attach-def'] }] },
  {
    group: 'harvesterhci.io', version: 'v1beta1', custom: true,
    types: [
      { kind: 'Setting', plural: 'settings', cluster: true, columns: [column('Value', '.value')] },
      { kind: 'KeyPair', plural: 'keypairs', shortNames: ['kp', 'kps'], status: true },
      { kind: 'VirtualMachineImage', plural: 'virtualmachineimages', shortNames: ['vmimage', 'vmimages'], status: true },
      { kind: 'VirtualMachineBackup', plural: 'virtualmachinebackups', shortNames: ['vmbackup', 'vmbackups'], status: true },
      { kind: 'VirtualMachineRestore', plural: 'virtualmachinerestores', shortNames: ['vmrestore', 'vmrestores'], status: true },
      { kind: 'ScheduleVMBackup', plural: 'schedulevmbackups', shortNames: ['svmbackup', 'svmbackups'], status: true },
      { kind: 'ResourceQuota', plural: 'resourcequotas', status: true },
    ],
  },
];

/** Columns of a type that declares none. */
export const AGE_COLUMN: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since the object was created.' };

function declare(group: string, version: string, custom: boolean, declaration: Declaration): ResourceType {
  const strategy: TypeStrategy = strategies[`${group}/${declaration.plural}`] ?? {};
  return {
    group, version, storageVersion: version, kind: declaration.kind, listKind: `${declaration.kind}List`, plural: declaration.plural,
    singular: declaration.kind.toLowerCase(), shortNames: declaration.shortNames ?? [], categories: declaration.categories ?? [],
    namespaced: !declaration.cluster, status: declaration.status ?? false, generation: custom || (declaration.generation ?? false), custom, versionRequired: custom || (declaration.versionRequired ?? false),
    returnsDeleted: declaration.returnsDeleted ?? false, orphanByDefault: declaration.orphanByDefault ?? false,
    selectableFields: declaration.selectable ?? {}, printerColumns: [...(declaration.columns ?? []), AGE_COLUMN], strategy,
  };
}

/** All types that are there from the start. */
export function builtinTypes(): ResourceType[] {
  return GROUPS.flatMap(({ group, version, custom, types }) => types.map((type) => declare(group, version, custom, type)));
}

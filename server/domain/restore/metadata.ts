import { GROUP } from '../../contract/api.ts';

/** Labels whose value is the VM's own name, and so has to follow it. */
const NAME_LABELS = ['harvesterhci.io/vmName', 'kubevirt.io/vm', 'kubevirt.io/domain', 'vm.kubevirt.io/name'];
/** CDI would take a PVC with its marks for its own, and fill it again (seen as corrupted disks). */
const CDI_LABELS: Readonly<Record<string, string>> = { app: 'containerized-data-importer', 'app.kubernetes.io/component': 'storage', 'app.kubernetes.io/managed-by': 'cdi-controller' };
const STATE_LABEL = 'persistent-state-for';

/** What controllers wrote about the source's binding, scheduling, import, owners or an earlier restore. */
const FOREIGN_PREFIXES = ['pv.kubernetes.io/', 'volume.kubernetes.io/', 'volume.beta.kubernetes.io/', 'cdi.kubevirt.io/', 'k8s.io/Clone', 'longhorn.io/', 'restore.harvesterhci.io/', 'objectset.rio.cattle.io/', 'kubectl.kubernetes.io/last-applied', `${GROUP}/`];
const FOREIGN_ANNOTATIONS = [
  'harvesterhci.io/mac-address', 'harvesterhci.io/owned-by', 'harvesterhci.io/removedPersistentVolumeClaims', 'harvesterhci.io/removedPVCs',
  'kubevirt.io/latest-observed-api-version', 'kubevirt.io/storage-observed-api-version',
];

/** Which image a PVC of Harvester was made from. True only while the class, which brings the image, stays. */
export const ANNOTATION_IMAGE = 'harvesterhci.io/imageId';

type Entries = Readonly<Record<string, string>>;

const keep = (entries: Entries | undefined, wanted: (key: string, value: string) => boolean): Record<string, string> => Object.fromEntries(Object.entries(entries ?? {}).filter(([key, value]) => wanted(key, value)));

const isForeign = (key: string): boolean => FOREIGN_PREFIXES.some((prefix) => key.startsWith(prefix)) || FOREIGN_ANNOTATIONS.includes(key);

/** Labels of a restored VM or its template: a person's labels stay, the VM's name follows, marks of ours and of CDI go. */
export function restoredLabels(labels: Entries | undefined, source: string, target: string): Record<string, string> {
  const kept = keep(labels, (key) => !isForeign(key));

  return Object.fromEntries(Object.entries(kept).map(([key, value]) => [key, NAME_LABELS.includes(key) && value === source ? target : value]));
}

/** Annotations without what belongs to the source only. */
export function restoredAnnotations(annotations: Entries | undefined): Record<string, string> {
  return keep(annotations, (key) => !isForeign(key));
}

/** Labels of a restored PVC. */
export function restoredClaimLabels(labels: Entries | undefined): Record<string, string> {
  return keep(labels, (key, value) => !isForeign(key) && CDI_LABELS[key] !== value && key !== STATE_LABEL);
}

/** Annotations of a restored PVC. */
export function restoredClaimAnnotations(annotations: Entries | undefined, sameClass: boolean): Record<string, string> {
  return keep(annotations, (key) => !isForeign(key) && (sameClass || key !== ANNOTATION_IMAGE));
}

import { abilitiesOf } from './abilities.ts';
import { fail, inWords, pass, perDisk, warn, type Check, type PlannedDisk } from './check-context.ts';

/** Every disk that the request names is in the backup, once. A misspelt name would otherwise be ignored in silence. */
export const checkMapping: Check = ({ request, document }) => {
  const named = (request.volumes ?? []).map(({ name }) => name);
  const wrong = named.filter((name, index) => named.indexOf(name) !== index || !document.volumes.some((volume) => volume.name === name));

  if (wrong.length === 0) return [pass('mapping', `${named.length} of ${document.volumes.length} disks are mapped by the request; the others keep their class and modes.`)];
  return wrong.map((name) => {
    const twice = document.volumes.some((volume) => volume.name === name);

    return fail('mapping', twice ? `Disk "${name}" is mapped twice.` : `The backup has no disk "${name}"; it has: ${document.volumes.map((volume) => volume.name).join(', ') || 'none'}.`, 'Correct spec.volumes in a new restore.', name);
  });
};

/** The storage class of every disk exists. */
export const checkStorageClass: Check = (context) => perDisk('storage-class', context, ({ plan, storageClass }) => {
  if (storageClass) return pass('storage-class', `StorageClass ${storageClass.name} (${storageClass.provisioner}) exists.`, plan.name);
  const existing = context.facts.storageClasses.map(({ name }) => name).join(', ') || 'none';

  return fail('storage-class', `StorageClass "${plan.storageClassName}" does not exist. The cluster has: ${existing}.`, 'Choose a storage class that exists, or create it.', plan.name);
});

/** No disk gets smaller. A PVC around an image file was made large enough by the mapping. */
export const checkSize: Check = (context) => perDisk('volume-size', context, ({ plan }) => {
  const sizes = `the new disk has ${inWords(plan.imageBytes)}, the backed-up one ${inWords(plan.sourceBytes)}`;

  if (plan.imageBytes < plan.sourceBytes) return fail('volume-size', `Too small: ${sizes} (${plan.imageBytes} < ${plan.sourceBytes} bytes).`, 'Choose a size of at least the backed-up size.', plan.name);
  return pass('volume-size', plan.sizeBytes > plan.imageBytes ? `Large enough: ${sizes}; its PVC gets ${inWords(plan.sizeBytes)}, as the filesystem around the image needs some.` : `Large enough: ${sizes}.`, plan.name);
});

/** The class can give what is asked of it, as far as that is known. */
export const checkModes: Check = (context) => perDisk('volume-modes', context, ({ plan, source, storageClass }) => {
  const wanted = `${plan.volumeMode}, ${plan.accessMode}`;

  if (!storageClass) return pass('volume-modes', 'Not looked at: the storage class does not exist.', plan.name);
  if (plan.storageClassName === source.storageClassName && plan.volumeMode === source.volumeMode && source.accessModes.includes(plan.accessMode)) {
    return pass('volume-modes', `${wanted}, as the backed-up disk had on the same class.`, plan.name);
  }
  const { source: known, list } = abilitiesOf(storageClass);

  if (known === 'unknown') return warn('volume-modes', `What the driver ${storageClass.provisioner} of class ${storageClass.name} can do is not known; taken as ${wanted}.`, 'Look into the driver’s documentation; set access and volume mode of the disk if they differ.', plan.name);
  const from = known === 'profile' ? 'its StorageProfile' : `its driver ${storageClass.provisioner}`;

  if (list.some((ability) => ability.volumeMode === plan.volumeMode && ability.accessMode === plan.accessMode)) return pass('volume-modes', `${wanted}: class ${storageClass.name} can give it, according to ${from}.`, plan.name);
  const offers = list.map((ability) => `${ability.volumeMode}, ${ability.accessMode}`).join('; ');

  return fail('volume-modes', `Class ${storageClass.name} cannot give ${wanted}. According to ${from} it gives: ${offers}.`, 'Choose modes that the class has, or another class.', plan.name);
});

/** Says so when a device becomes an image file, or the other way round. */
export const checkConversion: Check = (context) => perDisk('volume-conversion', context, ({ plan, source }) => {
  if (plan.volumeMode === source.volumeMode) return pass('volume-conversion', `The disk stays a ${plan.volumeMode} volume.`, plan.name);
  return plan.volumeMode === 'Filesystem'
    ? pass('volume-conversion', 'The raw device becomes the image file disk.img on a filesystem volume. The guest sees the same disk; every byte is the same.', plan.name)
    : pass('volume-conversion', 'The image file disk.img becomes a raw device. The guest sees the same disk; every byte is the same.', plan.name);
});

/** Where new volumes are not blank, empty parts of the disk have to be written as well. */
export const checkContent: Check = (context) => perDisk('volume-content', context, ({ plan, storageClass }) => (storageClass?.image === undefined
  ? pass('volume-content', 'New volumes of the class are blank.', plan.name)
  : warn('volume-content', `New volumes of class ${storageClass.name} start with the content of image ${storageClass.image}, so the whole disk is written, its empty parts too.`, 'Map the disk to a class without an image, such as harvester-longhorn, for a restore that is faster and takes less space.', plan.name)));

/** How the volume comes to be bound. */
export const checkBinding: Check = (context) => perDisk('volume-binding', context, ({ plan, storageClass }) => pass(
  'volume-binding',
  storageClass?.bindingMode === 'WaitForFirstConsumer' ? 'The class binds a volume when it is first used; the data mover is its first user.' : 'The class binds a volume at once.',
  plan.name,
));

const nodesOf = ({ storageClass }: PlannedDisk): string[] | undefined => storageClass?.nodes;

/** Volumes that live on some nodes only tie the VM to them, and all of one VM must be reachable from one node. */
export const checkNodes: Check = ({ disks }) => {
  const bound = disks.filter((disk) => nodesOf(disk) !== undefined);
  const common = bound.reduce<string[] | undefined>((left, disk) => (left === undefined ? nodesOf(disk) : left.filter((node) => nodesOf(disk)?.includes(node))), undefined);

  if (common === undefined) return [pass('node-bound', 'No disk is tied to a node.')];
  if (common.length === 0) {
    const places = bound.map(({ plan, storageClass }) => `${plan.name} on ${storageClass?.nodes?.join(' or ')}`).join(', ');

    return [fail('node-bound', `No node reaches all disks: ${places}.`, 'Choose storage classes of the same node.')];
  }
  return bound.map(({ plan, storageClass }) => warn('node-bound', `Class ${storageClass?.name} keeps its volumes on ${storageClass?.nodes?.join(', ')}: the VM can run there only, without live migration.`, 'Choose a class that every node reaches, if the VM has to move.', plan.name));
};

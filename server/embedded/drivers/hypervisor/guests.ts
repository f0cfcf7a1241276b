import { truncate, writeFile, stat } from 'node:fs/promises';
import { PV, PVC } from '../../../contract/api.ts';
import type { PersistentVolume, PersistentVolumeClaim, VirtualMachineInstance } from '../../../contract/kubernetes.ts';
import { parseQuantity } from '../../../domain/quantity.ts';
import { isBootable } from '../../guest/disk-header.ts';
import type { DiskPlace } from '../../guest/guest-disk.ts';
import { Guest } from '../../guest/guest.ts';
import type { DriverContext } from '../context.ts';
import { claimsOfInstance } from '../placement.ts';
import { VolumeFiles } from '../volume-files.ts';

/** The VM cannot run with the disks that it has; the text says why. */
export class BootError extends Error {
  override readonly name = 'BootError';
}

/** KubeVirt makes the image on a mounted volume that has none. */
async function ensureImage(image: string, sizeBytes: number): Promise<void> {
  try {
    await stat(image);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw error;
    }
    await writeFile(image, '', { flag: 'wx' });
    await truncate(image, sizeBytes);
  }
}

async function diskOf({ client, files }: DriverContext, namespace: string, name: string): Promise<DiskPlace> {
  const claim = await client.get<PersistentVolumeClaim>(PVC, { namespace, name });
  const volume = await client.get<PersistentVolume>(PV, { name: claim.spec.volumeName ?? '' });
  const handle = volume.spec.csi?.volumeHandle ?? '';
  const folder = await files.findVolume(handle);

  if (!folder) {
    throw new BootError(`the disk of claim ${name} is gone: volume ${handle} has no data`);
  }
  const mode = volume.spec.volumeMode ?? 'Filesystem';
  const image = VolumeFiles.imageOf(folder, mode);

  if (mode === 'Filesystem') {
    await ensureImage(image, parseQuantity(volume.spec.capacity.storage));
  }

  return { image, gate: handle };
}

/** The guests that run in this process, by the UID of their VM instance. */
export class Guests {
  readonly #context: DriverContext;
  readonly #guests = new Map<string, Guest>();
  readonly #rate: number;

  /** @param rate records per second of each guest */
  constructor(context: DriverContext, rate: number) {
    this.#context = context;
    this.#rate = rate;
  }

  get(instance: VirtualMachineInstance): Guest | undefined {
    return this.#guests.get(instance.metadata.uid ?? '');
  }

  /** Boots the guest on the disks of its instance; one that runs already is left running. Throws {@link BootError} when no disk can be booted. */
  async boot(instance: VirtualMachineInstance): Promise<Guest> {
    const { namespace = '', uid = '', name } = instance.metadata;
    const { gates, clock, log, random } = this.#context;
    const disks: DiskPlace[] = [];
    let bootable = false;

    for (const claim of claimsOfInstance(instance)) {
      const disk = await diskOf(this.#context, namespace, claim);

      disks.push(disk);
      bootable ||= await isBootable(disk.image);
    }
    if (!bootable) {
      throw new BootError(`no bootable device: none of the ${disks.length} disk(s) holds a system that can be started`);
    }
    const running = this.#guests.get(uid);

    if (running) {
      return running;
    }
    const guest = await Guest.boot({ disks, gates, clock, random, rate: this.#rate, log: log.child({ vm: `${namespace}/${name}` }) });

    this.#guests.set(uid, guest);

    return guest;
  }

  /** Ends a guest, cleanly: its page cache is written first. */
  async shutDown(instance: VirtualMachineInstance): Promise<void> {
    const uid = instance.metadata.uid ?? '';
    const guest = this.#guests.get(uid);

    this.#guests.delete(uid);
    await guest?.shutDown({ clean: true });
  }

  /** Pulls the plug of all guests: what is in their page caches is lost. */
  async powerOff(): Promise<void> {
    const all = [...this.#guests.values()];

    this.#guests.clear();
    await Promise.all(all.map((guest) => guest.shutDown({ clean: false })));
  }
}

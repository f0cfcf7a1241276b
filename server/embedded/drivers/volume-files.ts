import { mkdir, open, readFile, readdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VolumeMode } from '../../contract/kubernetes.ts';
import { copyTree } from './copy.ts';

/** File of a Block volume in its folder. */
export const DEVICE_FILE = 'device';
/** Folder of a Filesystem volume in its folder: what a pod sees when it mounts it. */
export const ROOT_FOLDER = 'fs';
/** The disk image in a Filesystem volume, as KubeVirt has it. */
export const IMAGE_FILE = 'disk.img';

const SNAPSHOT_FILE = 'snapshot.json';
const TEMPORARY = '.tmp';

/** What is known of a snapshot's bytes, kept beside them. `node` is where a node-bound driver has them. */
export interface SnapshotFacts { volumeHandle: string; volumeMode: VolumeMode; sizeBytes: number; cutAt: string; node?: string }

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') {
      return false;
    }
    throw error;
  });
}

/**
 * The bytes behind PersistentVolumes and snapshots: a folder each, in a pool (a folder per storage class).
 * A folder appears whole, by a rename; what was under way when the process died is dropped at the next start.
 */
export class VolumeFiles {
  readonly #pools: Readonly<Record<string, string>>;
  readonly #root: string;

  /** @param pools folder per storage class; a class that is not named gets one under `root` */
  constructor({ root, pools }: { root: string; pools: Readonly<Record<string, string>> }) {
    this.#root = root;
    this.#pools = pools;
  }

  /** Makes the pools' folders and drops half-made volumes and snapshots. */
  async prepare(): Promise<void> {
    await mkdir(this.#root, { recursive: true });
    for (const pool of await this.#allPools()) {
      for (const part of ['volumes', 'snapshots']) {
        await mkdir(join(pool, part), { recursive: true });
        for (const entry of await readdir(join(pool, part))) {
          if (entry.endsWith(TEMPORARY)) {
            await rm(join(pool, part, entry), { recursive: true, force: true });
          }
        }
      }
    }
  }

  /** Folder of a volume of that class, there or not. */
  volumeFolder(className: string, handle: string): string {
    return join(this.#poolOf(className), 'volumes', handle);
  }

  /** Folder of a volume, in whichever pool it is; undefined when its bytes are gone. */
  findVolume(handle: string): Promise<string | undefined> {
    return this.#find('volumes', handle);
  }

  /** Path of what a mover or a VM opens: the device, or the mounted folder. */
  static contentOf(folder: string, mode: VolumeMode): string {
    return join(folder, mode === 'Block' ? DEVICE_FILE : ROOT_FOLDER);
  }

  /** Path of the disk image in a volume. */
  static imageOf(folder: string, mode: VolumeMode): string {
    return mode === 'Block' ? join(folder, DEVICE_FILE) : join(folder, ROOT_FOLDER, IMAGE_FILE);
  }

  /** Makes a volume: blank (sparse), or with a snapshot's content. One that is there is left as it is. */
  async provision(volume: { className: string; handle: string; mode: VolumeMode; sizeBytes: number; snapshotID?: string }): Promise<void> {
    const folder = this.volumeFolder(volume.className, volume.handle);
    const temporary = folder + TEMPORARY;

    if (await exists(folder)) {
      return;
    }
    const source = volume.snapshotID === undefined ? undefined : await this.#find('snapshots', volume.snapshotID);

    if (volume.snapshotID !== undefined && !source) {
      throw new Error(`snapshot ${volume.snapshotID} has no data: it was deleted`);
    }
    await rm(temporary, { recursive: true, force: true });
    try {
      await mkdir(temporary, { recursive: true });
      if (source) {
        await copyTree(source, temporary);
        await rm(join(temporary, SNAPSHOT_FILE));
      }
      if (volume.mode === 'Block') {
        await this.#grow(join(temporary, DEVICE_FILE), volume.sizeBytes);
      } else {
        await mkdir(join(temporary, ROOT_FOLDER), { recursive: true });
      }
      await rename(temporary, folder);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
  }

  async removeVolume(handle: string): Promise<void> {
    await this.#remove(await this.findVolume(handle));
  }

  /** Copies a volume as it is now. The caller sees to it that nobody writes meanwhile. */
  async takeSnapshot(snapshotID: string, facts: SnapshotFacts): Promise<void> {
    const source = await this.findVolume(facts.volumeHandle);

    if (!source) {
      throw new Error(`volume ${facts.volumeHandle} has no data`);
    }
    const folder = join(source, '..', '..', 'snapshots', snapshotID);
    const temporary = folder + TEMPORARY;

    await rm(temporary, { recursive: true, force: true });
    try {
      await copyTree(source, temporary);
      await writeFile(join(temporary, SNAPSHOT_FILE), JSON.stringify(facts));
      await rename(temporary, folder);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
  }

  /** Facts of a finished snapshot; undefined when there is none. */
  async snapshotFacts(snapshotID: string): Promise<SnapshotFacts | undefined> {
    const folder = await this.#find('snapshots', snapshotID);

    return folder ? JSON.parse(await readFile(join(folder, SNAPSHOT_FILE), 'utf8')) as SnapshotFacts : undefined;
  }

  async removeSnapshot(snapshotID: string): Promise<void> {
    await this.#remove(await this.#find('snapshots', snapshotID));
  }

  async #grow(device: string, sizeBytes: number): Promise<void> {
    await (await open(device, 'a')).close();
    if ((await stat(device)).size < sizeBytes) {
      await truncate(device, sizeBytes);
    }
  }

  /** Takes the folder away in one step, then removes it: a half-removed volume is never found. */
  async #remove(folder: string | undefined): Promise<void> {
    if (folder) {
      await rm(folder + TEMPORARY, { recursive: true, force: true });
      await rename(folder, folder + TEMPORARY);
      await rm(folder + TEMPORARY, { recursive: true, force: true });
    }
  }

  #poolOf(className: string): string {
    return this.#pools[className] ?? join(this.#root, className);
  }

  async #allPools(): Promise<string[]> {
    const own = await readdir(this.#root);

    return [...new Set([...Object.values(this.#pools), ...own.map((name) => join(this.#root, name))])];
  }

  async #find(part: 'volumes' | 'snapshots', name: string): Promise<string | undefined> {
    for (const pool of await this.#allPools()) {
      const folder = join(pool, part, name);

      if (await exists(folder)) {
        return folder;
      }
    }

    return undefined;
  }
}

import { chmod, mkdir, open, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { PV, PVC, SECRET } from '../../../contract/api.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod, PodVolume, Secret } from '../../../contract/kubernetes.ts';
import type { DriverContext } from '../context.ts';
import { VolumeFiles } from '../volume-files.ts';
import type { ProcessExit } from './process.ts';

const MAX_TERMINATION_BYTES = 4096;
const EXIT_FILE = 'exit.json';
const STARTED_FILE = 'started';

type Container = Pod['spec']['containers'][number];

/** Something that a pod mounts is not there yet. */
export class MountError extends Error {
  override readonly name = 'MountError';
}

/** The exit of a container with its termination message, as it is kept on disk. */
export interface RecordedExit extends ProcessExit { finishedAt: string; startedAt?: string }

/** The folder of one pod: its container's root with links to its volumes, its log, and what is known of its process. */
export class Sandbox {
  readonly folder: string;

  /** @param podsFolder absolute path of the folder of all pods */
  constructor(podsFolder: string, podUID: string) {
    this.folder = join(podsFolder, podUID);
  }

  /** What the container takes for `/`. */
  get root(): string {
    return join(this.folder, 'root');
  }

  get logFile(): string {
    return join(this.folder, 'container.log');
  }

  /** Path in the sandbox of a path in the container. Throws when it would leave the sandbox. */
  inside(path: string): string {
    const inner = normalize(`/${path}`);

    return join(this.root, inner);
  }

  /** Makes the container's root: folders, links to volumes, Secret files. Throws {@link MountError} when a volume or Secret is missing. */
  async build(context: Pick<DriverContext, 'client' | 'files'>, pod: Pod, container: Container): Promise<void> {
    for (const leftover of [this.root, join(this.folder, 'secrets')]) {
      await rm(leftover, { recursive: true, force: true });
    }
    for (const folder of ['', 'tmp', 'dev']) {
      await mkdir(join(this.root, folder), { recursive: true, mode: 0o700 });
    }
    for (const device of container.volumeDevices ?? []) {
      const target = await this.#contentOf(context, pod, this.#volume(pod, device.name), 'Block');

      await this.#link(target, this.inside(device.devicePath));
    }
    for (const mount of container.volumeMounts ?? []) {
      const target = await this.#materialise(context, pod, this.#volume(pod, mount.name));

      await this.#link(mount.subPath ? join(target, normalize(`/${mount.subPath}`)) : target, this.inside(mount.mountPath));
    }
  }

  /** Says that the process is about to be started; from then on a missing process is a dead one. */
  async markStarted(at: Date): Promise<void> {
    await writeFile(join(this.folder, STARTED_FILE), at.toISOString());
  }

  /** When the process was started; undefined when it never was. */
  async startedAt(): Promise<string | undefined> {
    return readFile(join(this.folder, STARTED_FILE), 'utf8').catch(() => undefined);
  }

  /** Keeps the exit for a restart of the cluster process, and takes the Secrets off the disk. */
  async recordExit(exit: RecordedExit): Promise<void> {
    const file = join(this.folder, EXIT_FILE);

    await rm(join(this.folder, 'secrets'), { recursive: true, force: true });
    await writeFile(`${file}.tmp`, JSON.stringify(exit));
    await rename(`${file}.tmp`, file);
  }

  async recordedExit(): Promise<RecordedExit | undefined> {
    const text = await readFile(join(this.folder, EXIT_FILE), 'utf8').catch(() => undefined);

    return text === undefined ? undefined : JSON.parse(text) as RecordedExit;
  }

  /** The first 4096 bytes of the container's termination file. */
  async terminationMessage(container: Container): Promise<string | undefined> {
    const file = await open(this.inside(container.terminationMessagePath ?? '/dev/termination-log'), 'r').catch(() => undefined);

    if (!file) {
      return undefined;
    }
    try {
      const bytes = Buffer.alloc(MAX_TERMINATION_BYTES);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);

      return bytesRead === 0 ? undefined : bytes.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async log(): Promise<string | undefined> {
    return readFile(this.logFile, 'utf8').catch(() => undefined);
  }

  /** Removes everything; volumes are only linked, so they stay. */
  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  #volume(pod: Pod, name: string): PodVolume {
    const volume = pod.spec.volumes?.find((each) => each.name === name);

    if (!volume) {
      throw new MountError(`the pod has no volume ${name}`);
    }

    return volume;
  }

  async #materialise(context: Pick<DriverContext, 'client' | 'files'>, pod: Pod, volume: PodVolume): Promise<string> {
    if (volume.persistentVolumeClaim) {
      return this.#contentOf(context, pod, volume, 'Filesystem');
    }
    if (volume.secret) {
      return this.#secretFiles(context, pod, volume.name, volume.secret);
    }
    const folder = join(this.folder, 'volumes', volume.name);

    await mkdir(folder, { recursive: true, mode: 0o700 });

    return folder;
  }

  async #contentOf({ client, files }: Pick<DriverContext, 'client' | 'files'>, pod: Pod, volume: PodVolume, mode: 'Block' | 'Filesystem'): Promise<string> {
    const { namespace } = pod.metadata;
    const name = volume.persistentVolumeClaim?.claimName ?? '';
    const claim = await client.find<PersistentVolumeClaim>(PVC, { namespace, name });
    const persistent = claim?.spec.volumeName ? await client.find<PersistentVolume>(PV, { name: claim.spec.volumeName }) : undefined;
    const folder = persistent?.spec.csi ? await files.findVolume(persistent.spec.csi.volumeHandle) : undefined;

    if (!persistent || !folder) {
      throw new MountError(`MountVolume.SetUp failed for volume "${volume.name}": the volume of claim ${name} has no data`);
    }
    if ((persistent.spec.volumeMode ?? 'Filesystem') !== mode) {
      throw new MountError(`volume ${volume.name} has volumeMode ${persistent.spec.volumeMode}, but is specified in ${mode === 'Block' ? 'volumeDevices' : 'volumeMounts'}`);
    }

    return VolumeFiles.contentOf(folder, mode);
  }

  async #secretFiles({ client }: Pick<DriverContext, 'client'>, pod: Pod, volumeName: string, source: NonNullable<PodVolume['secret']>): Promise<string> {
    const secret = await client.find<Secret>(SECRET, { namespace: pod.metadata.namespace, name: source.secretName });

    if (!secret) {
      throw new MountError(`MountVolume.SetUp failed for volume "${volumeName}": secret "${source.secretName}" not found`);
    }
    const folder = join(this.folder, 'secrets', volumeName);
    const items = source.items ?? Object.keys(secret.data ?? {}).map((key) => ({ key, path: key }));

    for (const { key, path } of items) {
      const value = secret.data?.[key];

      if (value === undefined) {
        throw new MountError(`MountVolume.SetUp failed for volume "${volumeName}": references non-existent secret key: ${key}`);
      }
      const file = join(folder, normalize(`/${path}`));

      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(file, Buffer.from(value, 'base64'), { mode: 0o600 });
      await chmod(file, source.defaultMode ?? 0o644);
    }
    await mkdir(folder, { recursive: true, mode: 0o700 });

    return folder;
  }

  async #link(target: string, at: string): Promise<void> {
    await mkdir(dirname(at), { recursive: true, mode: 0o700 });
    await symlink(target, at);
  }
}

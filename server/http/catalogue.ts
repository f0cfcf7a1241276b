import type { BackupEngine } from '../contract/backup-engine.ts';
import type { BackupRepository } from '../contract/backup-repository.ts';
import type { Job, KubeObject, VirtualMachine } from '../contract/kubernetes.ts';
import type { VMBackup } from '../contract/vm-backup.ts';
import type { VMRestore } from '../contract/vm-restore.ts';
import type { Informer } from '../kube/informer.ts';

/** A live copy that is read only. */
export type View<T extends KubeObject> = Pick<Informer<T>, 'type' | 'list' | 'get' | 'synced'>;

/** The live copies that answers are made from: a read never asks the Kubernetes API. */
export interface Catalogue {
  readonly engines: View<BackupEngine>;
  readonly repositories: View<BackupRepository>;
  readonly backups: View<VMBackup>;
  readonly restores: View<VMRestore>;
  readonly jobs: View<Job>;
  readonly machines: View<VirtualMachine>;
}

/** Tells which of the live copies are not filled yet. */
export interface Readiness { missing(): string[] }

/** Watches the first list of each copy. An answer from half a copy would call things missing that are there. */
export function createReadiness(views: Readonly<Record<string, Pick<View<KubeObject>, 'type' | 'synced'>>>): Readiness {
  const missing = new Set(Object.values(views).map(({ type }) => type.plural));

  for (const { type, synced } of Object.values(views)) void synced().then(() => missing.delete(type.plural));
  return { missing: () => [...missing] };
}

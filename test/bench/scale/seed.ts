import { BACKUP_ENGINE, BACKUP_REPOSITORY, NAMESPACE, SECRET, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE, VM_BACKUP } from '../../../server/contract/api.ts';
import type { BackupEngine } from '../../../server/contract/backup-engine.ts';
import type { BackupRepository } from '../../../server/contract/backup-repository.ts';
import type { KubeObject, Secret } from '../../../server/contract/kubernetes.ts';
import { SYSTEM_NAMESPACE } from '../../../server/contract/names.ts';
import { seedAccess } from '../../../server/embedded/seed/access.ts';
import type { KubeClient } from '../../../server/kube/client.ts';
import { ENGINE, largeBackup, largeVM, largeVMI, namespaceOf, REPOSITORY } from './objects.ts';

/** Calls under way at once while objects are made. */
const PARALLEL = 24;

/** Runs `work` for 0 … count-1, some side by side. */
export async function each(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };

  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

/** Fills a cluster: nothing in it asks for work, so that a server that starts has only to find that out. */
export async function seedScale(client: KubeClient, { vms, backups, tell }: { vms: number; backups: number; tell: (line: string) => void }): Promise<void> {
  await seedAccess(client);
  for (let index = 0; index < 20; index++) await client.create<KubeObject>(NAMESPACE, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespaceOf(index) } });
  const key = await client.create<Secret>(SECRET, { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: { namespace: SYSTEM_NAMESPACE, name: 'key' }, stringData: { password: 'correct horse' } });
  const engine = await client.create<BackupEngine>(BACKUP_ENGINE, ENGINE);
  const repository = await client.create<BackupRepository>(BACKUP_REPOSITORY, REPOSITORY);

  await client.replaceStatus<BackupEngine>(BACKUP_ENGINE, { ...engine, status: { phase: 'Ready', observedGeneration: 1 } });
  await client.replaceStatus<BackupRepository>(BACKUP_REPOSITORY, {
    ...repository, status: { phase: 'Ready', observedGeneration: 1, repositoryID: 'a'.repeat(64), keyVersion: `${key.metadata.uid}/${key.metadata.resourceVersion}`, lastProbeAt: new Date().toISOString() },
  });
  await each(vms, async (index) => {
    await client.create(VIRTUAL_MACHINE, largeVM(index));
    await client.create(VIRTUAL_MACHINE_INSTANCE, largeVMI(index));
  });
  tell(`${vms} VMs are there`);
  await each(backups, async (index) => {
    const { object, status } = largeBackup(index, vms);

    await client.replaceStatus(VM_BACKUP, { ...await client.create(VM_BACKUP, object), status });
    if ((index + 1) % 2000 === 0) tell(`${index + 1} backups are there`);
  });
}

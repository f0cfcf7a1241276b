import { BACKUP_ENGINE, BACKUP_REPOSITORY, VM_BACKUP, VM_RESTORE } from '../../contract/api.ts';
import type { BackupEngine } from '../../contract/backup-engine.ts';
import type { BackupRepository } from '../../contract/backup-repository.ts';
import type { KubeObject } from '../../contract/kubernetes.ts';
import type { VMBackup } from '../../contract/vm-backup.ts';
import type { VMRestore } from '../../contract/vm-restore.ts';
import type { CliContext } from '../context.ts';
import { backupColumns, engineColumns, repositoryColumns, restoreColumns } from '../output/columns.ts';
import { formatItems } from '../output/print.ts';
import type { Column } from '../output/table.ts';

/** What `hvb list` can list. */
export const LISTABLE = ['backups', 'restores', 'repositories', 'engines'] as const;
export type Listable = (typeof LISTABLE)[number];

/** Lists objects: newest last, so that they stand next to the prompt. Data is a List, as kubectl gives it. */
export async function list(context: CliContext, what: Listable, { allNamespaces = false }: { allNamespaces?: boolean }): Promise<void> {
  const { client, clock, namespace } = context;
  const where = allNamespaces ? {} : { namespace };
  const now = clock.now();

  switch (what) {
    case 'backups': return print(context, backupColumns(now, allNamespaces), (await client.list<VMBackup>(VM_BACKUP, where)).items, allNamespaces ? '' : ` in namespace ${namespace}`);
    case 'restores': return print(context, restoreColumns(now, allNamespaces), (await client.list<VMRestore>(VM_RESTORE, where)).items, allNamespaces ? '' : ` in namespace ${namespace}`);
    case 'repositories': return print(context, repositoryColumns(now), (await client.list<BackupRepository>(BACKUP_REPOSITORY)).items, '');
    case 'engines': return print(context, engineColumns(now), (await client.list<BackupEngine>(BACKUP_ENGINE)).items, '');
  }
}

function print<T extends KubeObject>({ out, say, format }: CliContext, columns: readonly Column<T>[], items: readonly T[], where: string): void {
  const key = ({ metadata }: T): string => `${metadata.creationTimestamp ?? ''} ${metadata.namespace ?? ''}/${metadata.name}`;
  const ordered = items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));

  if (format === 'table' && ordered.length === 0) return say(`Nothing found${where}.`);
  out(formatItems(format, columns, ordered, { apiVersion: 'v1', kind: 'List', items: ordered }));
}

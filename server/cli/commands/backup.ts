import { API_VERSION, BACKUP_REPOSITORY, VIRTUAL_MACHINE, VM_BACKUP } from '../../contract/api.ts';
import type { BackupRepository } from '../../contract/backup-repository.ts';
import { vmBackupSpec, type QuiescePolicy, type VMBackup } from '../../contract/vm-backup.ts';
import { isBackupTerminal } from '../../domain/phases.ts';
import { isApiError } from '../../kube/client.ts';
import type { CliContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { backupColumns } from '../output/columns.ts';
import { formatItems } from '../output/print.ts';
import { progressText } from '../output/words.ts';
import { waitUntil } from '../wait.ts';
import { failed, requestMeta, suggestName } from './request.ts';

/** Options of `hvb backup`. */
export interface BackupOptions { repository?: string; quiesce?: QuiescePolicy; name?: string; wait?: boolean }

/** Asks for a backup of a VM; with `wait` follows it to its end. */
export async function backup(context: CliContext, vm: string, { repository, quiesce, name, wait }: BackupOptions): Promise<void> {
  const { client, clock, namespace } = context;

  await requireVM(context, vm);
  const spec = vmBackupSpec.parse({
    source: { name: vm }, repository: repository ?? await onlyRepository(context),
    ...(quiesce === undefined ? {} : { quiesce: { policy: quiesce, deadlineSeconds: 30 } }),
  });
  const created = await client.create<VMBackup>(VM_BACKUP, { apiVersion: API_VERSION, kind: VM_BACKUP.kind, metadata: await requestMeta(context, name ?? suggestName(vm, clock.now())), spec });

  context.say(`VMBackup ${namespace}/${created.metadata.name} was created.`);
  if (!wait) return print(context, created);
  const key = { namespace, name: created.metadata.name };
  const ended = await waitUntil(context, () => client.get<VMBackup>(VM_BACKUP, key), ({ status }) => isBackupTerminal(status?.phase ?? 'Pending'), ({ status }) => `${progressText(status?.phase ?? 'Pending', status?.progress)}${status?.message ? `: ${status.message}` : ''}`);

  print(context, ended);
  if (ended.status?.phase !== 'Completed') throw failed(`VMBackup ${namespace}/${key.name}`, ended.status?.failure);
}

/** Told at once instead of by a failed object. Who may not look at VMs leaves it to the server. */
async function requireVM({ client, namespace }: CliContext, name: string): Promise<void> {
  try {
    await client.get(VIRTUAL_MACHINE, { namespace, name });
  } catch (error) {
    if (isApiError(error, 'NotFound')) throw new CliError(EXIT.notFound, `VirtualMachine ${namespace}/${name} does not exist.`, 'Check the name and the namespace (-n).');
    if (!isApiError(error, 'Forbidden')) throw error;
  }
}

/** The repository that needs no naming: the only one. */
async function onlyRepository({ client }: CliContext): Promise<string> {
  const names = (await client.list<BackupRepository>(BACKUP_REPOSITORY)).items.map(({ metadata }) => metadata.name);
  const [only] = names;

  if (only === undefined) throw new CliError(EXIT.notFound, 'There is no BackupRepository.', 'Create one first, in the dashboard or with kubectl.');
  if (names.length > 1) throw new CliError(EXIT.usage, `There are several repositories: ${names.join(', ')}.`, 'Name one with --repository.');
  return only;
}

function print({ out, format, clock }: CliContext, object: VMBackup): void {
  out(formatItems(format, backupColumns(clock.now()), [object], object));
}

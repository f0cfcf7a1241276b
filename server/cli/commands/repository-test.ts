import { BACKUP_REPOSITORY } from '../../contract/api.ts';
import type { BackupRepository } from '../../contract/backup-repository.ts';
import { ANNOTATION_PROBE_REQUESTED } from '../../contract/names.ts';
import { requestInstant } from '../../domain/request-instant.ts';
import type { CliContext } from '../context.ts';
import { repositoryColumns } from '../output/columns.ts';
import { formatItems } from '../output/print.ts';
import { waitUntil } from '../wait.ts';
import { failed } from './request.ts';

/** Has a repository probed now, and tells how that ended. */
export async function testRepository(context: CliContext, name: string): Promise<void> {
  const { client, clock, out, format } = context;
  const key = { name };
  const { status: last } = await client.get<BackupRepository>(BACKUP_REPOSITORY, key);
  const requested = requestInstant(clock.now(), last?.lastProbeAt, last?.probingSince);
  const { status: then } = await client.patch<BackupRepository>(BACKUP_REPOSITORY, key, { metadata: { annotations: { [ANNOTATION_PROBE_REQUESTED]: requested } } });
  // A probe that ran when the request was written may have missed what the person wants to know; any other one began after it.
  const older = [then?.lastProbeAt, then?.probingSince];
  const ended = await waitUntil(context, () => client.get<BackupRepository>(BACKUP_REPOSITORY, key), ({ status }) => status?.lastProbeAt !== undefined && !older.includes(status.lastProbeAt), ({ status }) => (status?.probingSince === undefined ? 'Waits for the probe.' : 'The repository is being opened.'));

  out(formatItems(format, repositoryColumns(clock.now()), [ended], ended));
  if (ended.status?.phase !== 'Ready') throw failed(`The test of BackupRepository ${name}`, ended.status?.failure);
  context.say(`BackupRepository ${name} opens with its key.`);
}

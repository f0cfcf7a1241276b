import { VM_BACKUP } from '../../contract/api.ts';
import { ANNOTATION_VERIFY_REQUESTED } from '../../contract/names.ts';
import type { VMBackup } from '../../contract/vm-backup.ts';
import { requestInstant } from '../../domain/request-instant.ts';
import type { CliContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { formatItems } from '../output/print.ts';
import type { Column } from '../output/table.ts';
import { bytesText, progressText } from '../output/words.ts';
import { waitUntil } from '../wait.ts';
import { failed } from './request.ts';

const COLUMNS: Column<VMBackup>[] = [
  { heading: 'NAME', value: ({ metadata }) => metadata.name },
  { heading: 'VERIFICATION', value: ({ status }) => status?.verification?.state },
  { heading: 'READ', value: ({ status }) => bytesText(status?.verification?.bytesRead) },
  { heading: 'STARTED', value: ({ status }) => status?.verification?.startedAt },
  { heading: 'FINISHED', value: ({ status }) => status?.verification?.finishedAt },
  { heading: 'FAILURE', value: ({ status }) => status?.verification?.failure?.code },
];

/** Asks for a verification of a completed backup; with `wait` follows it to its end. */
export async function verify(context: CliContext, name: string, { wait }: { wait?: boolean }): Promise<void> {
  const { client, clock, namespace, format } = context;
  const key = { namespace, name };
  const what = `VMBackup ${namespace}/${name}`;
  const before = await client.get<VMBackup>(VM_BACKUP, key);
  const { phase = 'Pending', verification: last } = before.status ?? {};

  if (phase !== 'Completed') throw new CliError(EXIT.conflict, `${what} is ${phase}: only a completed backup can be verified.`);
  const requested = requestInstant(clock.now(), last?.startedAt, last?.requestedAt);
  const patched = await client.patch<VMBackup>(VM_BACKUP, key, { metadata: { annotations: { [ANNOTATION_VERIFY_REQUESTED]: requested } } });

  context.say(`The verification of ${what} was asked for.`);
  if (!wait) return context.out(formatItems(format, COLUMNS, [patched], patched));
  const ended = await waitUntil(context, () => client.get<VMBackup>(VM_BACKUP, key), ({ metadata, status }) => metadata.deletionTimestamp !== undefined || (answers(status?.verification, requested) && status?.verification?.state !== 'Running'), wordsOf);

  context.out(formatItems(format, COLUMNS, [ended], ended));
  const { verification } = ended.status ?? {};

  if (ended.metadata.deletionTimestamp) throw new CliError(EXIT.conflict, `${what} is being deleted.`);
  if (verification?.state !== 'Passed') throw failed(`The verification of ${what}`, verification?.failure);
}

/** A verification answers this request or, when somebody asked again meanwhile, a later one. */
function answers(verification: { requestedAt?: string } | undefined, requested: string): boolean {
  return Date.parse(verification?.requestedAt ?? '') >= Date.parse(requested);
}

function wordsOf({ status }: VMBackup): string {
  const { verification, progress } = status ?? {};

  if (verification?.state !== 'Running') return 'Waits for the server.';
  return verification.message ?? progressText('Reading', { bytesTotal: progress?.bytesTotal ?? 0, bytesDone: verification.bytesRead ?? 0 });
}

import { API_VERSION, VM_BACKUP, VM_RESTORE } from '../../contract/api.ts';
import { vmRestoreSpec, type VMRestore, type VolumeMapping } from '../../contract/vm-restore.ts';
import { isRestoreTerminal } from '../../domain/phases.ts';
import { failedChecks } from '../../domain/restore/plan.ts';
import { isApiError, type ObjectKey } from '../../kube/client.ts';
import type { CliContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { restoreColumns } from '../output/columns.ts';
import { formatPlan } from '../output/plan.ts';
import { formatData, formatItems } from '../output/print.ts';
import { progressText } from '../output/words.ts';
import { waitUntil } from '../wait.ts';
import { failed, requestMeta, suggestName } from './request.ts';

/** Options of `hvb restore <backup> --plan`. */
export interface PlanOptions { target: string; backupNamespace?: string; name?: string; map: VolumeMapping[]; start?: VMRestore['spec']['start']; keepMacAddresses?: boolean }

/** Creates a restore and shows its plan; nothing is made in the target namespace before it is approved. */
export async function planRestore(context: CliContext, backup: string, { target, backupNamespace, name, map, start, keepMacAddresses }: PlanOptions): Promise<void> {
  const { client, clock, namespace, format } = context;
  const source = { namespace: backupNamespace ?? namespace, name: backup };

  await requireBackup(context, source);
  const spec = vmRestoreSpec.parse({ source: { backup: source }, target: { name: target }, ...(map.length > 0 ? { volumes: map } : {}), ...(start ? { start } : {}), ...(keepMacAddresses ? { keepMacAddresses } : {}) });
  const { metadata } = await client.create<VMRestore>(VM_RESTORE, { apiVersion: API_VERSION, kind: VM_RESTORE.kind, metadata: await requestMeta(context, name ?? suggestName(target, clock.now())), spec });
  const key = { namespace, name: metadata.name };
  const what = `VMRestore ${namespace}/${key.name}`;

  context.say(`${what} was created.`);
  const planned = await waitUntil(context, () => client.get<VMRestore>(VM_RESTORE, key), ({ status }) => status?.phase === 'AwaitingApproval' || isRestoreTerminal(status?.phase ?? 'Pending'), wordsOf);

  context.out(format === 'table' ? formatPlan(planned) : formatData(format, planned));
  if (planned.status?.phase !== 'AwaitingApproval') throw failed(what, planned.status?.failure);
  requireRunnable(what, planned);
  context.say(`To run it: hvb restore --approve ${key.name} -n ${namespace} --plan-hash ${planned.status.plan?.hash ?? ''}`);
}

/** Approves the plan that the person saw, and follows the restore to its end unless told not to wait. */
export async function approveRestore(context: CliContext, name: string, { planHash, wait = true }: { planHash: string; wait?: boolean }): Promise<void> {
  const { client, namespace } = context;
  const key = { namespace, name };
  const what = `VMRestore ${namespace}/${name}`;
  const approved = await approve(context, key, planHash, what);

  context.say(`The plan of ${what} was approved.`);
  if (!wait) return print(context, approved);
  const ended = await waitUntil(context, () => client.get<VMRestore>(VM_RESTORE, key), ({ status }) => isRestoreTerminal(status?.phase ?? 'Pending'), wordsOf);

  print(context, ended);
  if (ended.status?.phase !== 'Completed') throw failed(what, ended.status?.failure, ended.status?.failure?.code === 'HVB-PLAN-CHANGED' ? EXIT.conflict : EXIT.failed);
}

async function approve({ client }: CliContext, key: ObjectKey, planHash: string, what: string): Promise<VMRestore> {
  for (let attempt = 1; ; attempt++) {
    const restore = await client.get<VMRestore>(VM_RESTORE, key);
    const { phase = 'Pending', plan } = restore.status ?? {};

    if (phase !== 'AwaitingApproval') throw new CliError(EXIT.conflict, `${what} is ${phase}: only a restore that awaits approval can be approved.`);
    if (plan?.hash !== planHash) throw new CliError(EXIT.conflict, `The plan of ${what} is another one: its hash is ${plan?.hash ?? 'not known'}, not ${planHash}.`, 'Look at the plan again ("-o yaml" of hvb list restores shows it), then approve its hash.');
    requireRunnable(what, restore);
    try {
      // The version makes sure that the plan which is approved is the one whose hash was compared just now.
      return await client.patch<VMRestore>(VM_RESTORE, key, { metadata: { resourceVersion: restore.metadata.resourceVersion }, spec: { approvedPlan: planHash } });
    } catch (error) {
      if (attempt === 3 || !isApiError(error, 'Conflict')) throw error;
    }
  }
}

function requireRunnable(what: string, { status }: VMRestore): void {
  const [check] = status?.plan ? failedChecks(status.plan) : [];

  if (check) throw new CliError(EXIT.failed, `The plan of ${what} cannot be run: ${check.subject === undefined ? '' : `${check.subject}: `}${check.message}`, check.remedy);
}

/** Told at once instead of by a failed object. Who may not look at backups is told so when the restore is created. */
async function requireBackup({ client }: CliContext, key: Required<ObjectKey>): Promise<void> {
  try {
    await client.get(VM_BACKUP, key);
  } catch (error) {
    if (isApiError(error, 'NotFound')) throw new CliError(EXIT.notFound, `VMBackup ${key.namespace}/${key.name} does not exist.`, 'Check the name and its namespace (--backup-namespace).');
    if (!isApiError(error, 'Forbidden')) throw error;
  }
}

function wordsOf({ status }: VMRestore): string {
  return `${progressText(status?.phase ?? 'Pending', status?.progress)}${status?.message ? `: ${status.message}` : ''}`;
}

function print({ out, format, clock }: CliContext, restore: VMRestore): void {
  out(formatItems(format, restoreColumns(clock.now()), [restore], restore));
}

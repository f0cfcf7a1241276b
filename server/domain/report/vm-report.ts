import type { VMReport } from '../../contract/http.ts';
import type { KubeObject } from '../../contract/kubernetes.ts';
import type { VMBackup } from '../../contract/vm-backup.ts';
import { isBackupTerminal } from '../phases.ts';
import { compareText } from './order.ts';
import { sum } from './repository.ts';

interface Row { namespace: string; vm: string; uid: string | undefined; exists: boolean; backups: VMBackup[] }

/**
 * How every VM stands: those that exist, backed up or not, and those that are gone but have backups. A VM is told by its UID,
 * so a later one of the same name does not inherit the backups of the one before.
 */
export function vmReport(machines: readonly KubeObject[], backups: readonly VMBackup[], now: Date): VMReport[] {
  const rows = new Map<string, Row>();
  const current = new Map<string, string | undefined>();

  for (const { metadata: { namespace = '', name, uid } } of machines) {
    current.set(`${namespace}/${name}`, uid);
    rows.set(`${namespace}/${name}/${uid}`, { namespace, vm: name, uid, exists: true, backups: [] });
  }
  for (const backup of backups) {
    const { namespace = '' } = backup.metadata;
    const vm = backup.spec.source.name;
    // One that failed before its VM was found counts for the VM that has the name now.
    const uid = backup.status?.vm?.uid ?? current.get(`${namespace}/${vm}`);
    const key = `${namespace}/${vm}/${uid}`;
    const row = rows.get(key) ?? { namespace, vm, uid, exists: false, backups: [] };

    row.backups.push(backup);
    rows.set(key, row);
  }
  return [...rows.values()]
    .sort((a, b) => compareText(a.namespace, b.namespace) || compareText(a.vm, b.vm) || Number(b.exists) - Number(a.exists) || compareText(a.uid ?? '', b.uid ?? ''))
    .map((row) => reportOf(row, now));
}

function reportOf({ backups, namespace, vm, uid, exists }: Row, now: Date): VMReport {
  const phase = (backup: VMBackup) => backup.status?.phase ?? 'Pending';
  const complete = backups.filter((backup) => phase(backup) === 'Completed' && !backup.metadata.deletionTimestamp);
  const good = complete.filter((backup) => !isDamaged(backup));
  const [last] = [...good].sort((a, b) => endOf(b) - endOf(a));
  const failed = backups.filter((backup) => phase(backup) === 'Failed').sort((a, b) => endOf(b) - endOf(a));
  const cause = failed[0]?.status?.failure;

  return {
    namespace, vm, exists, ...(uid ? { uid } : {}),
    ...(last ? { lastGood: lastGood(last, now) } : {}),
    goodBackups: good.length,
    damagedBackups: complete.length - good.length,
    failuresSince: failed.filter((backup) => !last || endOf(backup) > endOf(last)).length,
    ...(failed[0] && cause ? { lastFailure: { name: failed[0].metadata.name, code: cause.code, message: cause.message, at: cause.at } } : {}),
    running: backups.filter((backup) => !isBackupTerminal(phase(backup)) && phase(backup) !== 'Deleting').length,
  };
}

function lastGood({ metadata, spec, status }: VMBackup, now: Date): NonNullable<VMReport['lastGood']> {
  const completedAt = status?.completedAt ?? metadata.creationTimestamp ?? '';
  const volumes = status?.volumes ?? [];
  const level = status?.consistency?.level;
  const verification = status?.verification?.state;

  return {
    name: metadata.name, repository: spec.repository, completedAt, ...(level ? { consistency: level } : {}), ...(verification ? { verification } : {}),
    sizeBytes: sum(volumes.map((volume) => volume.sizeBytes)), bytesUploaded: sum(volumes.map((volume) => volume.bytesUploaded ?? 0)),
    // Clocks of two machines may differ: an age is never negative.
    ageSeconds: Math.max(0, Math.floor((now.getTime() - Date.parse(completedAt)) / 1000)),
  };
}

/** Did its last verification find that it can't be restored? One that could not be done (no key, no place) proves nothing. */
function isDamaged({ status }: VMBackup): boolean {
  const cause = status?.verification?.state === 'Failed' ? status.verification.failure : undefined;

  return cause !== undefined && (cause.category === 'Data' || cause.code === 'HVB-REPO-DAMAGED' || cause.code === 'HVB-REPO-SNAPSHOT-MISSING');
}

/** When it ended (ms since the epoch): completion, else the failure's instant, else its creation. */
function endOf({ metadata, status }: VMBackup): number {
  return Date.parse(status?.completedAt ?? status?.failure?.at ?? metadata.creationTimestamp ?? '');
}

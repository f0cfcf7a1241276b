import { ANNOTATION_VERIFY_REQUESTED } from '../../../server/contract/names.ts';
import type { VMBackup } from '../../../server/contract/vm-backup.ts';
import { requestInstant } from '../../../server/domain/request-instant.ts';

/** True for a backup that may be verified now. */
export function isVerifiable({ metadata, status }: Pick<VMBackup, 'metadata' | 'status'>): boolean {
  return !metadata.deletionTimestamp && status?.phase === 'Completed' && status.verification?.state !== 'Running';
}

/** JSON patch that asks for a verification. */
export function verifyPatch({ metadata, status }: Pick<VMBackup, 'metadata' | 'status'>, now: Date): object[] {
  const value = requestInstant(now, status?.verification?.startedAt, status?.verification?.requestedAt);

  if (!metadata.annotations) return [{ op: 'add', path: '/metadata/annotations', value: { [ANNOTATION_VERIFY_REQUESTED]: value } }];
  // RFC 6901: "/" in a name is written "~1".
  return [{ op: 'add', path: `/metadata/annotations/${ ANNOTATION_VERIFY_REQUESTED.replace('/', '~1') }`, value }];
}

import { ANNOTATION_VERIFY_REQUESTED } from '../../contract/names.ts';
import type { VMBackup } from '../../contract/vm-backup.ts';

/**
 * The request for a verification that no verification has answered yet: the annotation's text, or undefined. What is no
 * instant asks for nothing. The last answered request is looked at beside the last start, since the clocks of who asks and
 * of the server differ: a request from a clock that is ahead must be answered once, not until time has caught up.
 */
export function verificationRequest({ metadata, status }: Pick<VMBackup, 'metadata' | 'status'>): string | undefined {
  const text = metadata.annotations?.[ANNOTATION_VERIFY_REQUESTED] ?? '';
  const requested = Date.parse(text);
  const last = status?.verification;

  if (status?.phase !== 'Completed' || Number.isNaN(requested)) return undefined;
  const unanswered = [last?.startedAt, last?.requestedAt].every((each) => each === undefined || requested > Date.parse(each));

  return unanswered ? text : undefined;
}

/** Logical bytes that a whole verification reads: those of every disk in the backup. */
export function bytesToVerify({ status }: Pick<VMBackup, 'status'>): number {
  return (status?.volumes ?? []).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

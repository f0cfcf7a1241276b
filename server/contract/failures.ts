import { z } from 'zod';

/** Who has to act: decides the wording of remedies and the grouping in reports. */
export const FAILURE_CATEGORIES = ['Source', 'Guest', 'Storage', 'Repository', 'Target', 'Data', 'Mover', 'Request', 'Internal'] as const;
export type FailureCategory = (typeof FAILURE_CATEGORIES)[number];

interface FailureKind {
  readonly category: FailureCategory;
  /** What to do, for the person who reads it. One or two sentences. */
  readonly remedy: string;
  /** True when the same operation can succeed later without anybody changing anything. */
  readonly retryable: boolean;
}

const kind = (category: FailureCategory, retryable: boolean, remedy: string): FailureKind => ({ category, remedy, retryable });

/** Every failure that the product can report. Codes are stable: scripts and translations hang on them. */
export const FAILURES = {
  'HVB-SOURCE-VM-MISSING': kind('Source', false, 'Check the VM name and namespace; a backup is made of a VM in its own namespace.'),
  'HVB-SOURCE-VM-REPLACED': kind('Source', false, 'The VM was deleted and created anew under the same name while the backup waited. Start a new backup.'),
  'HVB-SOURCE-VOLUME-MISSING': kind('Source', false, 'The VM refers to a volume that does not exist. Repair the VM or remove the volume from it, then back up again.'),
  'HVB-SOURCE-VOLUME-UNSUPPORTED': kind('Source', false, 'Leave the volume out of the VM, or move it to a storage class whose driver can take snapshots.'),
  'HVB-SOURCE-SECRET-MISSING': kind('Source', false, 'Create the missing Secret or remove the reference from the VM, then back up again.'),
  'HVB-GUEST-AGENT-MISSING': kind('Guest', false, 'Install and start qemu-guest-agent in the guest, or choose the quiesce policy BestEffort or Skip.'),
  'HVB-GUEST-NOT-RUNNING': kind('Guest', false, 'Start or unpause the VM, or choose the quiesce policy BestEffort.'),
  'HVB-GUEST-FREEZE-FAILED': kind('Guest', true, 'Look at the guest agent log in the VM (fsfreeze). With policy BestEffort the backup goes on as crash-consistent.'),
  'HVB-GUEST-FREEZE-EXPIRED': kind('Guest', true, 'Snapshots took longer than the freeze deadline. Raise quiesce.deadlineSeconds, or look for load on the storage.'),
  'HVB-STORAGE-NO-SNAPSHOT-CLASS': kind('Storage', false, 'Create a VolumeSnapshotClass for the driver of the storage class.'),
  'HVB-STORAGE-SNAPSHOT-FAILED': kind('Storage', true, 'See the error of the VolumeSnapshot; often the storage is out of space or the volume is degraded.'),
  'HVB-STORAGE-EXPOSE-FAILED': kind('Storage', true, 'See the events of the temporary PVC in the evidence; often the storage class cannot create a volume from a snapshot.'),
  'HVB-STORAGE-CLASS-MISSING': kind('Storage', false, 'Choose a storage class that exists, or create it, then make a new restore.'),
  'HVB-STORAGE-FULL': kind('Storage', false, 'Free space on the target storage or choose another storage class, then restore again.'),
  'HVB-STORAGE-TOO-SMALL': kind('Storage', false, 'Choose a size of at least the size of the backed-up volume.'),
  'HVB-STORAGE-READ-FAILED': kind('Storage', true, 'Reading the source volume failed. Check the health of the volume and the node.'),
  'HVB-STORAGE-WRITE-FAILED': kind('Storage', true, 'Writing the target volume failed. Check the health of the volume and the node.'),
  'HVB-STORAGE-HANDOVER-FAILED': kind('Storage', true, 'The restored volume could not be bound in the target namespace. See the events of the PVC.'),
  'HVB-REPO-MISSING': kind('Repository', false, 'Name a BackupRepository that exists.'),
  'HVB-REPO-NOT-READY': kind('Repository', true, 'See the status of the repository; the operation goes on by itself when it is ready.'),
  'HVB-REPO-TARGET-MISSING': kind('Repository', true, 'The repository’s PVC or folder is not there. Check the PVC in the system namespace and what is mounted behind it.'),
  'HVB-REPO-READ-ONLY': kind('Repository', true, 'The repository cannot be written. Check the mount options, permissions and free space of its storage.'),
  'HVB-REPO-FULL': kind('Repository', true, 'The storage of the repository is full. Free space or delete backups.'),
  'HVB-REPO-KEY-MISSING': kind('Repository', false, 'Create the Secret with the key “password” in the system namespace.'),
  'HVB-REPO-WRONG-KEY': kind('Repository', false, 'The password in the repository’s Secret does not open the repository. Put the right password into the Secret.'),
  'HVB-REPO-NOT-INITIALISED': kind('Repository', false, 'There is no repository at that place any more. Check what is mounted; re-create the repository only if its backups may be lost.'),
  'HVB-REPO-LOCKED': kind('Repository', true, 'Another process holds the repository. It is tried again; a lock that stays for hours can be removed with “restic unlock”.'),
  'HVB-REPO-DAMAGED': kind('Repository', false, 'The repository reports damage. Run a check with the stock engine before anything else writes to it.'),
  'HVB-REPO-SNAPSHOT-MISSING': kind('Repository', false, 'The backup’s data is no longer in the repository. Choose another backup.'),
  'HVB-DATA-MISMATCH': kind('Data', false, 'The data read back differs from what was backed up. Do not use it; verify the repository and choose another backup.'),
  'HVB-DATA-DOCUMENT-INVALID': kind('Data', false, 'The backup document in the repository cannot be read. Verify the repository and choose another backup.'),
  'HVB-TARGET-VM-EXISTS': kind('Target', false, 'Choose another VM name or namespace, then make a new restore.'),
  'HVB-TARGET-NAMESPACE-MISSING': kind('Target', false, 'Create the namespace first.'),
  'HVB-TARGET-CONFLICT': kind('Target', false, 'An object of the same name exists in the target namespace. Rename or remove it, or choose another VM name.'),
  'HVB-TARGET-REJECTED': kind('Target', false, 'The cluster refused the restored VM. See the message; change the plan and restore again.'),
  'HVB-TARGET-START-FAILED': kind('Target', true, 'The VM was restored but did not start in time. See its events.'),
  'HVB-PLAN-CHANGED': kind('Target', false, 'The cluster changed since the plan was approved. Look at the new plan in a new restore and approve that.'),
  'HVB-PLAN-FAILED': kind('Target', false, 'A check of the plan failed. Solve what the check names and make a new restore.'),
  'HVB-BACKUP-MISSING': kind('Request', false, 'Choose a backup that exists.'),
  'HVB-BACKUP-INCOMPLETE': kind('Request', false, 'Only a completed backup can be restored. Choose another one.'),
  'HVB-CANCELLED': kind('Request', false, 'It was cancelled on request. Start it again when wanted.'),
  'HVB-REQUEST-INVALID': kind('Request', false, 'Correct the field that the message names.'),
  'HVB-ENGINE-MISSING': kind('Request', false, 'Name a BackupEngine that exists.'),
  'HVB-ENGINE-UNSUPPORTED': kind('Request', false, 'The engine or its installed version cannot do this. Choose another engine or update its image.'),
  'HVB-MOVER-KILLED': kind('Mover', true, 'The mover was killed. Check the memory limit and the health of the node; it is tried again.'),
  'HVB-MOVER-LOST': kind('Mover', true, 'The mover’s pod disappeared. Check the node; it is tried again.'),
  'HVB-MOVER-NOT-STARTED': kind('Mover', true, 'The mover’s pod did not start in time. See the events of the pod in the evidence.'),
  'HVB-MOVER-PROTOCOL': kind('Mover', false, 'The mover answered something that is not in the engine contract. Check the engine with the conformance kit.'),
  'HVB-INTERNAL': kind('Internal', true, 'This is a defect of the product. Please report it with the evidence.'),
} as const satisfies Record<string, FailureKind>;

/** One of the stable `HVB-…` codes. */
export type FailureCode = keyof typeof FAILURES;
export const FAILURE_CODES = Object.keys(FAILURES) as [FailureCode, ...FailureCode[]];

/** A failure as it stands in `status.failure`. Never holds secret data. */
export const failureSchema = z.object({
  code: z.enum(FAILURE_CODES),
  category: z.enum(FAILURE_CATEGORIES),
  /** What went wrong, where; names objects by namespace/name. */
  message: z.string().max(4096),
  /** Raw facts for an expert: an exit code, the last log lines, a condition. */
  evidence: z.string().max(8192).optional(),
  remedy: z.string(),
  retryable: z.boolean(),
  /** RFC 3339. */
  at: z.string(),
});
export type Failure = z.infer<typeof failureSchema>;

/** Builds the full failure of a code; `at` is the instant at which it was seen. */
export function failure(code: FailureCode, message: string, at: Date, evidence?: string): Failure {
  const { category, remedy, retryable } = FAILURES[code];
  return { code, category, message: message.slice(0, 4096), remedy, retryable, at: at.toISOString(), ...(evidence ? { evidence: evidence.slice(-8192) } : {}) };
}

import { GROUP } from './api.ts';

/** Namespace of the server, its mover Jobs, repository Secrets and filesystem repositories. */
export const SYSTEM_NAMESPACE = 'harvester-vm-backup-system';

/** On every object that an operation creates: the operation's id. */
export const LABEL_OPERATION = `${GROUP}/operation`;
/** On every temporary object: UID of the VMBackup, VMRestore or BackupRepository that it serves. Clean-up goes by it. */
export const LABEL_OWNER_UID = `${GROUP}/owner-uid`;
/** On every temporary object: kind of its owner. */
export const LABEL_OWNER_KIND = `${GROUP}/owner-kind`;
/** On a VMBackup: UID of the VM, so that a recreated VM of the same name is told apart. */
export const LABEL_VM_UID = `${GROUP}/vm-uid`;
/** On PVCs, Secrets and VMs that a restore made for good: UID of the VMRestore. */
export const LABEL_RESTORED_BY = `${GROUP}/restored-by`;
/** On the VolumeSnapshots of one attempt at a freeze window: the attempt's number, so that a torn attempt can be told from a whole one. */
export const LABEL_ATTEMPT = `${GROUP}/quiesce-attempt`;

/** Holds a VMBackup until its data is removed from the repository. */
export const FINALIZER_DATA = `${GROUP}/repository-data`;
/** Holds a VMRestore until its temporary objects are gone. */
export const FINALIZER_CLEANUP = `${GROUP}/cleanup`;

/** On a BackupRepository: an RFC 3339 instant. When it is later than the last probe, the repository is probed at once; people set it with “Test”. */
export const ANNOTATION_PROBE_REQUESTED = `${GROUP}/probe-requested-at`;
/** On what somebody asks for (backup, restore): the user name of who asked. Admission lets nobody write another's name. */
export const ANNOTATION_REQUESTED_BY = `${GROUP}/requested-by`;
/** On a completed VMBackup: an RFC 3339 instant. When it is later than the last verification's start, every byte is read back and compared. */
export const ANNOTATION_VERIFY_REQUESTED = `${GROUP}/verify-requested-at`;

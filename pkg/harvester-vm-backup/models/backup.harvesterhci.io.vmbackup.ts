import PhasedModel from '../model-kit/phased-model';
import type { MenuAction } from '../model-kit/shell-model';
import { resourceRoute } from '../config/routes';
import { TYPE } from '../config/types';
import { mayCreate } from '../composables/schemas';
import { retryOf } from '../domain/backup-request';
import { suggestName } from '../domain/names';
import { CANCEL_PATCH } from '../domain/plan-review';
import { isRestorable } from '../domain/restore-request';
import { isVerifiable, verifyPatch } from '../domain/verify-request';
import { isBackupTerminal } from '../../../server/domain/phases.ts';
import type { BackupPhase, VMBackup, VMBackupStatus } from '../../../server/contract/vm-backup.ts';

/** A fresh object in the store, not yet saved. */
interface NewObject { metadata: { name: string; namespace?: string }; save: () => Promise<unknown> }

/** A VMBackup on screen. */
export default class VMBackupModel extends PhasedModel<VMBackup['spec'], VMBackupStatus> {
  get vmName(): string {
    return this.spec?.source?.name ?? '';
  }

  get repositoryName(): string {
    return this.spec?.repository ?? '';
  }

  get isRestorable(): boolean {
    return isRestorable(this as unknown as VMBackup);
  }

  /** Its spec cannot be changed but for the verbs of its own menu. */
  get canEditYaml(): boolean {
    return false;
  }

  get isRunning(): boolean {
    return !isBackupTerminal(this.phase as BackupPhase) && this.phase !== 'Deleting';
  }

  get canCancel(): boolean {
    return this.canUpdate && this.isRunning && !this.spec?.cancel;
  }

  get canRetry(): boolean {
    return this.canCreate && (this.phase === 'Failed' || this.phase === 'Cancelled');
  }

  get canVerify(): boolean {
    return this.canUpdate && isVerifiable(this as unknown as VMBackup);
  }

  /** For the delete dialog: what happens to the data of all the objects that are about to be deleted. */
  get removalMessage(): (backups: VMBackupModel[]) => string {
    return (backups) => {
      const removed = backups.filter(({ spec }) => spec?.deletionPolicy !== 'Retain').length;
      const kept = backups.length - removed;

      return this.text(kept === 0 ? 'backups.remove.deletes' : removed === 0 ? 'backups.remove.retains' : 'backups.remove.mixed', { count: backups.length, removed, kept });
    };
  }

  get ownActions(): MenuAction[] {
    return [
      { action: 'restore', label: this.text('actions.restore'), icon: 'icon icon-backup-restore', enabled: this.isRestorable && this.mayRestore },
      { action: 'verify', label: this.text('actions.verify'), icon: 'icon icon-checkmark', enabled: this.canVerify, bulkable: true },
      { action: 'retry', label: this.text('actions.retry'), icon: 'icon icon-refresh', enabled: this.canRetry },
      { action: 'cancel', label: this.text('actions.cancel'), icon: 'icon icon-close', enabled: this.canCancel, bulkable: true },
    ];
  }

  get mayRestore(): boolean {
    return mayCreate(this.$getters.schemaFor(TYPE.vmRestore));
  }

  /** Opens the restore wizard with this backup chosen. */
  restore(): void {
    this.currentRouter().push(resourceRoute(this.place, { type: TYPE.vmRestore, create: true, query: { backup: this.id } }));
  }

  async cancel(): Promise<void> {
    try {
      await this.patch(CANCEL_PATCH);
    } catch (reason) {
      this.growl(reason);
    }
  }

  /** Has every byte read back; the result comes into the status. */
  async verify(): Promise<void> {
    try {
      await this.patch(verifyPatch(this as unknown as VMBackup, new Date()));
    } catch (reason) {
      this.growl(reason);
    }
  }

  /** Starts a new backup with the spec of this one and opens it. */
  async retry(): Promise<void> {
    try {
      const backup = await this.$dispatch<NewObject>('create', retryOf(this as unknown as VMBackup, suggestName(this.vmName, new Date())));

      await backup.save();
      this.currentRouter().push(resourceRoute(this.place, { type: TYPE.vmBackup, namespace: backup.metadata.namespace, name: backup.metadata.name }));
    } catch (reason) {
      this.growl(reason);
    }
  }
}

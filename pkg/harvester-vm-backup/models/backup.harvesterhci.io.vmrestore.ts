import PhasedModel from '../model-kit/phased-model';
import type { MenuAction } from '../model-kit/shell-model';
import { CANCEL_PATCH, approvalPatch } from '../domain/plan-review';
import { isRestoreTerminal } from '../../../server/domain/phases.ts';
import type { RestorePhase, VMRestore, VMRestoreStatus } from '../../../server/contract/vm-restore.ts';

/** A VMRestore on screen. */
export default class VMRestoreModel extends PhasedModel<VMRestore['spec'], VMRestoreStatus> {
  get targetName(): string {
    return this.spec?.target?.name ?? '';
  }

  /** `namespace/name` of the backup. */
  get backupId(): string {
    const { namespace, name } = this.spec?.source?.backup ?? {};

    return `${ namespace }/${ name }`;
  }

  /** Its spec cannot be changed but for the verbs of its own menu. */
  get canEditYaml(): boolean {
    return false;
  }

  get isRunning(): boolean {
    return this.phase !== 'Deleting' && !isRestoreTerminal(this.phase as RestorePhase);
  }

  get canCancel(): boolean {
    return this.canUpdate && this.isRunning && !this.spec?.cancel && this.phase !== 'RollingBack';
  }

  get removalMessage(): (restores: VMRestoreModel[]) => string {
    return (restores) => this.text(restores.some(({ isRunning }) => isRunning) ? 'restores.remove.running' : 'restores.remove.finished', { count: restores.length });
  }

  get ownActions(): MenuAction[] {
    return [{ action: 'cancel', label: this.text('actions.cancel'), icon: 'icon icon-close', enabled: this.canCancel, bulkable: true }];
  }

  async cancel(): Promise<void> {
    try {
      await this.patch(CANCEL_PATCH);
    } catch (reason) {
      this.growl(reason);
    }
  }

  /**
   * Approves a plan by its hash. The server refuses it when the plan has changed since.
   * @param hash of the plan that the person saw
   */
  async approve(hash: string): Promise<void> {
    await this.patch(approvalPatch(hash));
  }
}

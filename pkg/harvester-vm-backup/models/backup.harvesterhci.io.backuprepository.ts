import type { BackupRepository } from '../../../server/contract/backup-repository.ts';
import PhasedModel from '../model-kit/phased-model';

/** A BackupRepository on screen. */
export default class BackupRepositoryModel extends PhasedModel<BackupRepository['spec'], NonNullable<BackupRepository['status']>> {
  get engineName(): string {
    return this.spec?.engine ?? '';
  }

  /** Where it lies, in one line: the PVC of the system namespace and the folder on it. */
  get targetDisplay(): string {
    const { claimName, path } = this.spec?.target?.filesystem ?? {};

    return `${ claimName } / ${ path }`;
  }

  get removalMessage(): () => string {
    return () => this.text('repositories.remove');
  }
}

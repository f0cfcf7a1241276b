import type { Action } from '@shell/core/types';
import { TYPE } from '../../config/types';
import { mayCreate, type SchemaLike } from '../../composables/schemas';

/** What the shell hands to an action: its own models. */
interface VMModel { metadata?: object; $rootGetters: Record<string, (type: string) => SchemaLike | undefined>; $dispatch: (action: string, payload: object) => void }

/** The *Back up* action on Harvester's list of VMs, for one row or several. */
export function backUpAction(): Action {
  return {
    labelKey: 'harvesterVmBackup.actions.backUp',
    icon:     'icon-backup',
    multiple: true,
    enabled:  (vm: VMModel) => !!vm?.metadata && mayCreate(vm.$rootGetters['harvester/schemaFor']?.(TYPE.vmBackup)),
    invoke(_options, vms: VMModel[]) {
      vms[0]?.$dispatch('promptModal', { component: 'HvbBackUpDialog', resources: vms, modalWidth: '640px' });
    },
  };
}

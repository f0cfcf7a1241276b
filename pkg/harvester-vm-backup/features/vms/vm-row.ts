import type { RouteLocationRaw } from 'vue-router';
import { resourceRoute, type Place } from '../../config/routes';
import { TYPE } from '../../config/types';
import type { VMObject } from '../../config/models';
import { badgeClass, toneOf } from '../../domain/tone';
import type { Protection } from '../../domain/protection';
import type { Texts } from '../../composables/use-texts';

/** One row of our own list of VMs, in the shape that the shell's table wants. */
export interface VMRow {
  id: string;
  _key: string;
  type: string;
  metadata: VMObject['metadata'];
  nameDisplay: string;
  /** What the table writes above the VMs of one namespace. */
  groupByLabel: string;
  stateDisplay: string;
  stateBackground: string;
  protection: Protection;
  /** Milliseconds since the epoch of the last good backup; 0 for none, so that the unprotected sort first. */
  lastGood: number;
  protectionText: string;
  backupsLocation: RouteLocationRaw;
  availableActions: object[];
}

/** What a row needs besides its VM. */
export interface RowContext { tx: Texts; place: Place; protectionOf: (namespace: string | undefined, name: string, uid: string | undefined) => Protection; canBackUp: boolean }

/**
 * Builds a row. It has only the action *Back up*: this is a page about protection, not one to edit or delete VMs on.
 */
export function vmRow(vm: VMObject, { tx, place, protectionOf, canBackUp }: RowContext): VMRow {
  const { namespace, name, uid } = vm.metadata;
  const protection = protectionOf(namespace, name, uid);
  const runState = vm.status?.printableStatus ?? 'Unknown';

  return {
    id:               vm.id,
    _key:             uid ?? vm.id,
    type:             vm.type,
    metadata:         vm.metadata,
    nameDisplay:      name,
    groupByLabel:     tx('vms.group', { namespace: namespace ?? '' }),
    stateDisplay:     runState,
    stateBackground:  badgeClass(toneOf(runState)),
    protection,
    lastGood:         Date.parse(protection.lastGood?.status?.completedAt ?? protection.lastGood?.metadata.creationTimestamp ?? '') || 0,
    protectionText:   tx(protection.lastGood ? 'vms.protected' : 'vms.unprotected'),
    backupsLocation:  resourceRoute(place, { type: TYPE.vmBackup, query: { q: name } }),
    availableActions: canBackUp ? [{
      action: 'backUp', label: tx('actions.backUp'), icon: 'icon icon-backup', enabled: true, bulkable: true
    }] : [],
  };
}

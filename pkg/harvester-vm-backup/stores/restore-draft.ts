import { defineStore } from 'pinia';
import type { StorageClass } from '../../../server/contract/kubernetes.ts';
import type { VMBackup } from '../../../server/contract/vm-backup.ts';
import { proposeDisks, withClass, type DiskChoice } from '../domain/mapping';
import { stepsReady, type RestoreChoice } from '../domain/restore-request';

const empty = (): RestoreChoice => ({
  backup: null, namespace: '', name: '', start: 'Recorded', keepMacAddresses: false, disks: []
});

/** The restore wizard's draft: what has been chosen so far. It survives going back and forth between steps. */
export const useRestoreDraft = defineStore('harvester-vm-backup/restore-draft', {
  state: () => ({ choice: empty() }),

  getters: { ready: ({ choice }) => stepsReady(choice) },

  actions: {
    reset() {
      this.choice = empty();
    },

    /** Chooses the backup and proposes the rest from it, but for what the person has already typed. */
    chooseBackup(backup: VMBackup, classes: readonly StorageClass[]) {
      const { namespace = '', name } = backup.metadata;

      this.choice = {
        ...this.choice,
        backup:    { namespace, name },
        namespace: this.choice.namespace || namespace,
        name:      this.choice.name || `${ backup.spec.source.name }-restored`,
        disks:     proposeDisks(backup.status?.volumes ?? [], classes),
      };
    },

    chooseClass(disk: string, storageClassName: string) {
      this.choice.disks = this.choice.disks.map((each) => (each.name === disk ? withClass(each, storageClassName) : each));
    },

    changeDisk(disk: string, change: Partial<DiskChoice>) {
      this.choice.disks = this.choice.disks.map((each) => (each.name === disk ? { ...each, ...change } : each));
    },
  },
});

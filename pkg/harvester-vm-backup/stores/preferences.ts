import { defineStore } from 'pinia';
import type { QuiescePolicy } from '../../../server/contract/vm-backup.ts';

/** What a person chose last, offered again in the next form. Lives as long as the page. */
export const usePreferences = defineStore('harvester-vm-backup/preferences', {
  state: () => ({ repository: '', policy: 'BestEffort' as QuiescePolicy }),

  actions: {
    remember(repository: string, policy: QuiescePolicy) {
      this.repository = repository;
      this.policy = policy;
    },
  },
});

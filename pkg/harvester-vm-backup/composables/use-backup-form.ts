import { computed, ref, watch, type Ref } from 'vue';
import { TYPE } from '../config/types';
import type { RepositoryObject } from '../config/models';
import { backupOf, repositoryObstacle, type BackupChoice } from '../domain/backup-request';
import { isObjectName, suggestName } from '../domain/names';
import { pinia } from '../stores/pinia';
import { usePreferences } from '../stores/preferences';
import { errorLines, useActions, type Saved } from './use-actions';
import { useCollection } from './use-collection';

/** A VM to be backed up. */
export interface BackupSubject { namespace: string; name: string }

/**
 * The back-up form for one or several VMs, on a page or in a dialog.
 * @param subjects the chosen VMs
 * @param now tells the time for the suggested names
 */
export function useBackupForm(subjects: Ref<readonly BackupSubject[]>, now: () => Date = () => new Date()) {
  const preferences = usePreferences(pinia);
  const { create } = useActions();
  const repositories = useCollection<RepositoryObject>(TYPE.repository);
  const errors = ref<string[]>([]);
  const name = ref('');
  const choice = ref<BackupChoice>({
    repository: '', policy: preferences.policy, deadlineSeconds: 30, deletionPolicy: 'Delete'
  });
  const ready = computed(() => repositories.rows.value.filter((repository) => !repositoryObstacle(repository)).map(({ metadata }) => metadata.name));

  // The last used repository while it is there, else the only possible one; more than one is the person's choice.
  watch(ready, (names) => {
    if (!choice.value.repository) {
      const repository = names.includes(preferences.repository) ? preferences.repository : names.length === 1 ? names[0] : '';

      choice.value = { ...choice.value, repository: repository ?? '' };
    }
  }, { immediate: true });
  watch(() => subjects.value.map((vm) => vm.name).join(), () => {
    const [only] = subjects.value;

    name.value = only && subjects.value.length === 1 ? suggestName(only.name, now()) : '';
  }, { immediate: true });

  const valid = computed(() => subjects.value.length > 0 &&
    ready.value.includes(choice.value.repository) &&
    (choice.value.policy === 'Skip' || (choice.value.deadlineSeconds >= 1 && choice.value.deadlineSeconds <= 300)) &&
    (subjects.value.length > 1 || isObjectName(name.value)));

  /** Creates a backup per VM; one that is refused does not keep the others back. Gives what was created. */
  async function submit(): Promise<Saved[]> {
    const single = subjects.value.length === 1;
    const results = await Promise.allSettled(subjects.value.map((vm) => create(backupOf(vm, single ? name.value : suggestName(vm.name, now()), choice.value))));

    errors.value = results.flatMap((result, index) => {
      const vm = subjects.value[index];

      return result.status === 'rejected' ? errorLines(result.reason).map((line) => (single || !vm ? line : `${ vm.namespace }/${ vm.name }: ${ line }`)) : [];
    });
    if (!errors.value.length) {
      preferences.remember(choice.value.repository, choice.value.policy);
    }

    return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  return { repositories, errors, name, choice, valid, submit };
}

import { computed, ref, watch } from 'vue';
import { TYPE } from '../config/types';
import type { VMRestoreObject } from '../config/models';
import { suggestName } from '../domain/names';
import { reviewState, type ReviewState } from '../domain/plan-review';
import { restoreOf, type RestoreChoice } from '../domain/restore-request';
import { errorLines, useActions, type Saved } from './use-actions';
import { usePlace } from './use-place';

/**
 * The VMRestore behind the wizard's review. It has to exist before it is approved, because the server plans it;
 * until then it is a draft, and `discard` takes it away again.
 * @param now tells the time for its name
 */
export function useDraftRestore(now: () => Date = () => new Date()) {
  const { store, inStore } = usePlace();
  const { create } = useActions();
  const draft = ref<Saved>();
  const errors = ref<string[]>([]);
  /** Once approved it is no draft any more, and nobody takes it away. */
  let approved = false;
  /** Counts the drafts, so that an answer which comes after the person went away is thrown out. */
  let generation = 0;

  const restore = computed<VMRestoreObject | undefined>(() => (draft.value ? store.getters[`${ inStore.value }/byId`](TYPE.vmRestore, draft.value.id) : undefined));
  const state = computed<ReviewState>(() => reviewState(restore.value));

  /** Creates the draft and watches it. */
  async function plan(choice: RestoreChoice): Promise<void> {
    const mine = ++generation;

    approved = false;
    errors.value = [];
    try {
      const saved = await create(restoreOf(choice, suggestName(choice.name, now())));

      if (mine !== generation) {
        await saved.remove();

        return;
      }
      await store.dispatch(`${ inStore.value }/find`, { type: TYPE.vmRestore, id: saved.id });
      draft.value = saved;
    } catch (reason) {
      errors.value = errorLines(reason);
    }
  }

  /** Takes a draft away that was not approved. A draft that is gone already is what was wanted. */
  async function discard(): Promise<void> {
    const unwanted = approved ? undefined : draft.value;

    generation += 1;
    draft.value = undefined;
    await unwanted?.remove().catch(() => undefined);
  }

  /**
   * Approves the plan which the person sees and gives the restore.
   * @param hash of the plan on screen
   */
  async function approve(hash: string): Promise<VMRestoreObject | undefined> {
    errors.value = [];
    try {
      await restore.value?.approve(hash);
      approved = true;

      return restore.value;
    } catch (reason) {
      errors.value = errorLines(reason);

      return undefined;
    }
  }

  // The list of restores may take the draft away under us.
  watch(restore, (current, previous) => {
    if (previous && !current && draft.value) {
      draft.value = undefined;
    }
  });

  return { restore, state, errors, plan, discard, approve };
}

import { describe, expect, it, vi } from 'vitest';
import { computed, reactive } from 'vue';
import type { VMBackupObject } from '../config/models';
import { useTableRows } from '../composables/use-table-rows';

function model(name: string) {
  const sorted = vi.fn(() => name);
  const object = { metadata: { name, resourceVersion: '1' }, status: { phase: 'Moving' }, get nameSort() {
    return sorted();
  }, cancel: vi.fn() };

  return { object, sorted };
}

describe('useTableRows', () => {
  it('given a list that is sorted over and over, when nothing changes, then each sort key is worked out once', () => {
    const { object, sorted } = model('a');
    const models = reactive([object]);
    const rows = useTableRows(computed(() => [...models] as unknown as VMBackupObject[]));

    for (let time = 0; time < 100; time += 1) {
      expect((rows.value[0] as unknown as { nameSort: string }).nameSort).toBe('a');
    }
    expect(sorted).toHaveBeenCalledTimes(1);
  });

  it('given an update of an object, when the list is read again, then it is a new list with the same row, which shows the new values', () => {
    const models = reactive([model('a').object]);
    const rows = useTableRows(computed(() => [...models] as unknown as VMBackupObject[]));
    const before = rows.value;
    const [first] = models;

    Object.assign(first ?? {}, { metadata: { name: 'a', resourceVersion: '2' }, status: { phase: 'Completed' } });
    expect(rows.value).not.toBe(before);
    expect(rows.value[0]).toBe(before[0]);
    expect(rows.value[0]?.status?.phase).toBe('Completed');
  });

  it('given a row, when one of its actions is called, then the model does it', async() => {
    const { object } = model('a');
    const rows = useTableRows(computed(() => [object] as unknown as VMBackupObject[]));

    await rows.value[0]?.cancel();
    expect(object.cancel).toHaveBeenCalledTimes(1);
  });
});

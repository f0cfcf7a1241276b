import { beforeEach, describe, expect, it } from 'vitest';
import { flushPromises } from '@vue/test-utils';
import { defineComponent, h, ref } from 'vue';
import { FakeSteve } from '../../../__tests__/support/fake-steve';
import { mountIn } from '../../../__tests__/support/mounting';
import { useBackupForm, type BackupSubject } from '../../../composables/use-backup-form';
import { TYPE } from '../../../config/types';
import { pinia } from '../../../stores/pinia';
import { usePreferences } from '../../../stores/preferences';

const NOW = new Date('2026-11-22T10:20:30Z');
const repository = (name: string, phase: string) => ({ metadata: { name }, spec: {}, status: { phase } });
const DB: BackupSubject = { namespace: 'tenant-a', name: 'db' };
const WEB: BackupSubject = { namespace: 'tenant-b', name: 'web' };

describe('the back-up form', () => {
  let steve: FakeSteve;
  const subjects = ref<BackupSubject[]>([]);

  async function open(chosen: BackupSubject[]): Promise<ReturnType<typeof useBackupForm>> {
    let form: ReturnType<typeof useBackupForm> | undefined;

    subjects.value = chosen;
    mountIn(steve, defineComponent({
      setup() {
        form = useBackupForm(subjects, () => NOW);

        return () => h('div');
      },
    }));
    await flushPromises();

    return form as ReturnType<typeof useBackupForm>;
  }

  beforeEach(() => {
    usePreferences(pinia).$reset();
    steve = new FakeSteve().kind(TYPE.vmBackup).kind(TYPE.repository, [repository('main', 'Ready'), repository('broken', 'Failed')]);
  });

  it('given one ready repository, when a VM is backed up, then it is proposed with a name, and the backup has both', async() => {
    const form = await open([DB]);

    expect(form.name.value).toBe('db-20261122-102030');
    expect(form.valid.value).toBe(true);
    await form.submit();
    expect(steve.created).toMatchObject([{ metadata: { name: 'db-20261122-102030', namespace: 'tenant-a' }, spec: { source: { name: 'db' }, repository: 'main', quiesce: { policy: 'BestEffort' } } }]);
  });

  it('given a repository that is not ready, when it is chosen, then no backup can be started', async() => {
    const form = await open([DB]);

    form.choice.value = { ...form.choice.value, repository: 'broken' };
    expect(form.valid.value).toBe(false);
  });

  it('given two VMs of which one is refused, when both are backed up, then the other one runs and the refusal names its VM', async() => {
    const form = await open([DB, WEB]);

    steve.admit = ({ metadata }) => {
      if (metadata.namespace === 'tenant-b') {
        throw new Error('forbidden');
      }
    };
    const saved = await form.submit();

    expect(saved.map(({ id }) => id)).toEqual(['tenant-a/db-20261122-102030']);
    expect(form.errors.value).toHaveLength(1);
    expect(form.errors.value[0]).toMatch(/^tenant-b\/web: .*forbidden/);
  });

  it('given a deadline that KubeVirt would not arm, when it is typed, then no backup can be started, unless nothing is frozen', async() => {
    const form = await open([DB]);

    form.choice.value = { ...form.choice.value, deadlineSeconds: 0 };
    expect(form.valid.value).toBe(false);
    form.choice.value = { ...form.choice.value, policy: 'Skip' };
    expect(form.valid.value).toBe(true);
  });

  it('given two ready repositories, when a form opens after a backup, then the last used one is proposed', async() => {
    steve.kind(TYPE.repository, [repository('main', 'Ready'), repository('second', 'Ready')]);
    const first = await open([DB]);

    expect(first.choice.value.repository).toBe('');
    first.choice.value = { ...first.choice.value, repository: 'second', policy: 'Required' };
    await first.submit();
    const next = await open([WEB]);

    expect(next.choice.value).toMatchObject({ repository: 'second', policy: 'Required' });
  });
});

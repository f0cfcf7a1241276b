import { beforeEach, describe, expect, it } from 'vitest';
import { flushPromises } from '@vue/test-utils';
import { defineComponent, h } from 'vue';
import { FakeSteve } from '../../../__tests__/support/fake-steve';
import { mountIn } from '../../../__tests__/support/mounting';
import { useRepositoryForm } from '../../../composables/use-repository-form';
import { TYPE } from '../../../config/types';

const CHOICE = {
  name: 'main', engine: 'restic', claimName: 'repo', path: 'backups', password: 'correct horse battery', passwordAgain: 'correct horse battery', stored: true, parallelMovers: 2
};

function formIn(steve: FakeSteve): ReturnType<typeof useRepositoryForm> {
  let form: ReturnType<typeof useRepositoryForm> | undefined;

  mountIn(steve, defineComponent({
    setup() {
      form = useRepositoryForm((array) => array.fill(1));

      return () => h('div');
    },
  }));

  return form as ReturnType<typeof useRepositoryForm>;
}

describe('the form that creates a repository', () => {
  let steve: FakeSteve;

  beforeEach(() => {
    steve = new FakeSteve().kind(TYPE.secret).kind(TYPE.repository);
  });

  it('given a filled form, when it is sent, then the Secret comes first and the repository names it', async() => {
    const form = formIn(steve);

    form.choice.value = { ...CHOICE };
    const saved = await form.submit();

    expect(steve.created.map(({ type, metadata }) => [type, metadata])).toEqual([
      [TYPE.secret, { name: 'main-key', namespace: 'harvester-vm-backup-system' }],
      [TYPE.repository, { name: 'main' }],
    ]);
    expect(saved?.metadata.name).toBe('main');
    expect(steve.removed).toEqual([]);
  });

  it('given a repository that is refused, when it is sent, then the Secret is removed again and the reason is told', async() => {
    const form = formIn(steve);

    steve.admit = ({ type }) => {
      if (type === TYPE.repository) {
        throw Object.assign(new Error('path is taken'), { _status: 422 });
      }
    };
    form.choice.value = { ...CHOICE };

    expect(await form.submit()).toBeUndefined();
    await flushPromises();
    expect(steve.removed).toEqual(['harvester-vm-backup-system/main-key']);
    expect(steve.all(TYPE.secret)).toEqual([]);
    expect(form.errors.value.join()).toContain('path is taken');
  });

  it('given a Secret that exists already, when the form is sent, then it is not removed and no repository is made', async() => {
    const form = formIn(steve);

    steve.admit = ({ type }) => {
      if (type === TYPE.secret) {
        throw new Error('already exists');
      }
    };
    form.choice.value = { ...CHOICE };
    await form.submit();

    expect(steve.removed).toEqual([]);
    expect(steve.created.map(({ type }) => type)).toEqual([TYPE.secret]);
    expect(form.errors.value.join()).toContain('already exists');
  });

  it('given a generated password, when it is shown, then both fields have it and it must be said again to be stored', () => {
    const form = formIn(steve);

    form.choice.value = { ...CHOICE };
    form.generate();

    expect(form.choice.value.password).toMatch(/^(\w{5}-){5}\w{5}$/);
    expect(form.choice.value.passwordAgain).toBe(form.choice.value.password);
    expect(form.choice.value.stored).toBe(false);
    expect(form.valid.value).toBe(false);
  });
});

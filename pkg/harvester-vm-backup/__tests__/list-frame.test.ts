import { describe, expect, it } from 'vitest';
import { flushPromises, mount } from '@vue/test-utils';
import BackupList from '../list/backup.harvesterhci.io.vmbackup.vue';
import RepositoryEdit from '../edit/backup.harvesterhci.io.backuprepository.vue';
import { TYPE } from '../config/types';
import { FakeSteve } from './support/fake-steve';
import { fakeRouter, mountIn } from './support/mounting';
import { translate } from './support/texts';

describe('our pages inside the shell\'s own', () => {
  it('given the shell\'s list, which hands all of its data down, when the CRD is missing, then our page still says so', async() => {
    const steve = new FakeSteve();
    const wrapper = mount(BackupList, {
      attrs:  { state: { pending: false }, schema: undefined, loading: false, rows: [] },
      global: { plugins: [steve.store(), fakeRouter()], mocks: { t: translate }, stubs: { ResourceTable: true, Masthead: true } },
    });

    await flushPromises();
    expect(wrapper.find('[data-testid="hvb-state-absent"]').exists()).toBe(true);
    expect(wrapper.find('[data-testid="hvb-read-only"]').exists()).toBe(false);
  });

  it('given a person who may not create, when a form is opened by its address, then it is explained and there is no form', async() => {
    const wrapper = mountIn(new FakeSteve().kind(TYPE.repository, [], ['GET']), RepositoryEdit, { value: { type: TYPE.repository }, mode: 'create' });

    await flushPromises();
    expect(wrapper.find('[data-testid="hvb-state-forbidden"]').text()).toContain('You may not create: Repositories');
    expect(wrapper.find('form').exists()).toBe(false);
  });
});

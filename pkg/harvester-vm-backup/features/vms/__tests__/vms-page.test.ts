import { beforeEach, describe, expect, it } from 'vitest';
import { flushPromises, type VueWrapper } from '@vue/test-utils';
import { FakeSteve } from '../../../__tests__/support/fake-steve';
import { byTestid, mountIn } from '../../../__tests__/support/mounting';
import { completedBackup } from '../../../__tests__/support/samples';
import { TYPE } from '../../../config/types';
import type { VMRow } from '../vm-row';
import VmsPage from '../VmsPage.vue';

const VM = { metadata: { name: 'db', namespace: 'tenant-a', uid: 'vm-1' }, status: { printableStatus: 'Running' } };
const READ_ONLY = ['GET'];

describe('the list of virtual machines', () => {
  let steve: FakeSteve;

  async function open(): Promise<VueWrapper> {
    const wrapper = mountIn(steve, VmsPage);

    await flushPromises();

    return wrapper;
  }
  const has = (wrapper: VueWrapper, testid: string): boolean => wrapper.find(`[data-testid="${ testid }"]`).exists();
  const table = (wrapper: VueWrapper) => wrapper.getComponent({ name: 'ResourceTable' });
  const rows = (wrapper: VueWrapper): VMRow[] => table(wrapper).props('rows');

  beforeEach(() => {
    steve = new FakeSteve().kind(TYPE.vm, [VM]).kind(TYPE.vmBackup, [completedBackup()]);
  });

  it('given a VM with a good backup, when listed, then its row tells run state, protection and how many backups there are', async() => {
    const [row] = rows(await open());

    expect(row).toMatchObject({ nameDisplay: 'db', stateDisplay: 'Running', protectionText: 'Protected', lastGood: Date.parse('2026-11-22T10:05:00Z') });
    expect(row?.protection.good).toBe(1);
    expect(row?.availableActions).toHaveLength(1);
  });

  it('given a new backup, when it completes, then the row follows without a reload', async() => {
    steve.kind(TYPE.vmBackup, []);
    const wrapper = await open();

    expect(rows(wrapper)[0]?.protectionText).toBe('No good backup');
    steve.kind(TYPE.vmBackup, [completedBackup()]);
    await flushPromises();
    expect(rows(wrapper)[0]?.protectionText).toBe('Protected');
  });

  it('given a person who may only look, when listed, then there is no action and it is explained', async() => {
    steve.kind(TYPE.vmBackup, [completedBackup()], READ_ONLY);
    const wrapper = await open();

    expect(rows(wrapper)[0]?.availableActions).toEqual([]);
    expect(table(wrapper).props('rowActions')).toBe(false);
    expect(byTestid(wrapper, 'hvb-read-only').text()).toContain('You may look');
  });

  it('given no CRD of ours, when opened, then it says that the server is not installed', async() => {
    steve = new FakeSteve().kind(TYPE.vm, [VM]);

    expect(has(await open(), 'hvb-state-absent')).toBe(true);
  });

  it('given no right to list VMs, when opened, then it says so and nothing is asked of the API', async() => {
    steve = new FakeSteve().kind(TYPE.vmBackup);
    steve.list = (type) => {
      if (type === TYPE.vm) {
        throw new Error('must not be asked');
      }
    };

    expect(has(await open(), 'hvb-state-forbidden')).toBe(true);
  });

  it('given an API that answers 403, when opened, then it is shown as forbidden', async() => {
    steve.list = () => {
      throw Object.assign(new Error('no'), { _status: 403 });
    };

    expect(has(await open(), 'hvb-state-forbidden')).toBe(true);
  });

  it('given an API that fails, when it works again and the button is pressed, then the list is there', async() => {
    steve.list = () => {
      throw new Error('gateway timeout');
    };
    const wrapper = await open();

    expect(byTestid(wrapper, 'hvb-state-failed').text()).toContain('gateway timeout');
    steve.list = () => undefined;
    await byTestid(wrapper, 'hvb-reload').trigger('click');
    await flushPromises();
    expect(rows(wrapper)).toHaveLength(1);
  });

  it('given no VM, when opened, then it says so', async() => {
    steve.kind(TYPE.vm, []);

    expect(has(await open(), 'hvb-state-empty')).toBe(true);
  });
});

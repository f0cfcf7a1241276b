import { beforeEach, describe, expect, it } from 'vitest';
import { flushPromises, type VueWrapper } from '@vue/test-utils';
import type { Router } from 'vue-router';
import { FakeSteve } from '../../../__tests__/support/fake-steve';
import { byTestid, fakeRouter, mountIn } from '../../../__tests__/support/mounting';
import { FAILURE, completedBackup, plan } from '../../../__tests__/support/samples';
import { TYPE } from '../../../config/types';
import { pinia } from '../../../stores/pinia';
import { useRestoreDraft } from '../../../stores/restore-draft';
import RestoreWizard from '../RestoreWizard.vue';

const storageClass = (name: string, isDefault = false) => ({ metadata: { name, ...(isDefault ? { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } : {}) } });

describe('the restore wizard', () => {
  let steve: FakeSteve;
  let router: Router;
  let wrapper: VueWrapper;

  const draft = () => useRestoreDraft(pinia);
  const button = (label: string) => wrapper.findAll('button').find((each) => each.text().includes(label));
  const approveButton = () => wrapper.find('[data-testid="action-button-async-button"]');
  const next = async() => {
    await button('wizard.next')?.trigger('click');
    await flushPromises();
  };
  const restores = () => steve.all(TYPE.vmRestore);

  /** What the server does after a while. */
  async function serverPlans(status: object): Promise<void> {
    const [restore] = restores();

    Object.assign(restore ?? {}, { status });
    await flushPromises();
  }

  async function open(query = ''): Promise<void> {
    await router.push(`/local/${ TYPE.vmRestore }/create${ query }`);
    wrapper = mountIn(steve, RestoreWizard, { value: { type: TYPE.vmRestore }, mode: 'create' }, router);
    await flushPromises();
  }

  async function openAtReview(): Promise<void> {
    await open('?backup=tenant-a/db-1');
    await next();
    draft().choice.namespace = 'tenant-b';
    await next();
    await next();
  }

  beforeEach(() => {
    router = fakeRouter();
    steve = new FakeSteve()
      .kind(TYPE.vmBackup, [{ ...completedBackup(), isRestorable: true }, { ...completedBackup({ name: 'db-2', status: { phase: 'Failed' } }), isRestorable: false }])
      .kind(TYPE.storageClass, [storageClass('harvester-longhorn', true), storageClass('lvm-thin')])
      .kind(TYPE.namespace, [{ metadata: { name: 'tenant-a' } }, { metadata: { name: 'tenant-b' } }])
      .kind(TYPE.vmRestore);
  });

  it('given no backup, when the wizard opens, then the next step is closed', async() => {
    await open();

    expect(button('wizard.next')?.attributes()).toHaveProperty('disabled');
    await next();
    expect(wrapper.find('[data-testid="hvb-step-point"]').exists()).toBe(true);
  });

  it('given a backup in the address, when the wizard opens, then it is chosen, target and disks are proposed, and the next step is open', async() => {
    await open('?backup=tenant-a/db-1');

    expect(draft().choice).toMatchObject({ backup: { namespace: 'tenant-a', name: 'db-1' }, namespace: 'tenant-a', name: 'db-restored' });
    expect(draft().choice.disks.map(({ name, storageClassName }) => [name, storageClassName])).toEqual([['root', 'harvester-longhorn'], ['data', 'harvester-longhorn']]);
    await next();
    expect(wrapper.find('[data-testid="hvb-step-target"]').exists()).toBe(true);
  });

  it('given a name that Kubernetes refuses, when it is typed, then the storage step is closed', async() => {
    await open('?backup=tenant-a/db-1');
    await next();
    draft().choice.name = 'Not A Name';
    await flushPromises();
    await next();

    expect(wrapper.find('[data-testid="hvb-step-target"]').exists()).toBe(true);
    expect(wrapper.find('[data-testid="hvb-step-storage"]').exists()).toBe(false);
  });

  it('given a disk that is made smaller, when the mapping is shown, then it says how large it must be and the review is closed', async() => {
    await open('?backup=tenant-a/db-1');
    await next();
    await next();
    draft().changeDisk('root', { sizeBytes: 1 });
    await flushPromises();

    expect(byTestid(wrapper, 'hvb-mapping-error-root').text()).toContain('4 GiB');
    await next();
    expect(wrapper.find('[data-testid="hvb-step-review"]').exists()).toBe(false);
    expect(steve.created).toEqual([]);
  });

  it('given every step filled in, when the review opens, then the server is asked for a plan and nothing is approved', async() => {
    await openAtReview();

    expect(steve.created).toHaveLength(1);
    expect(steve.created[0]).toMatchObject({ metadata: { namespace: 'tenant-b' }, spec: { source: { backup: { namespace: 'tenant-a', name: 'db-1' } }, target: { name: 'db-restored' } } });
    expect(steve.created[0]?.spec).not.toHaveProperty('approvedPlan');
    expect(byTestid(wrapper, 'hvb-planning').text()).toContain('making the plan');
    expect(byTestid(wrapper, 'hvb-step-review').text()).toContain('removes the draft');
  });

  it('given a plan, when it is approved, then its hash is the one on screen, the draft stays and its page opens', async() => {
    await openAtReview();
    await serverPlans({ phase: 'AwaitingApproval', plan: plan('hash-1') });

    expect(byTestid(wrapper, 'hvb-plan').attributes('data-hash')).toBe('hash-1');
    await approveButton().trigger('click');
    await flushPromises();

    expect(steve.patches).toEqual([{ id: restores()[0]?.id, operations: [{ op: 'add', path: '/spec/approvedPlan', value: 'hash-1' }] }]);
    expect(router.currentRoute.value.name).toBe('harvester-vm-backup-c-cluster-resource-namespace-id');
    wrapper.unmount();
    expect(steve.removed).toEqual([]);
  });

  it('given a plan that changed under the person, when it is approved, then the new one that is on screen is approved', async() => {
    await openAtReview();
    await serverPlans({ phase: 'AwaitingApproval', plan: plan('hash-1') });
    await serverPlans({ phase: 'AwaitingApproval', plan: plan('hash-2') });
    expect(byTestid(wrapper, 'hvb-plan').attributes('data-hash')).toBe('hash-2');
    await approveButton().trigger('click');
    await flushPromises();

    expect(steve.patches[0]?.operations).toEqual([{ op: 'add', path: '/spec/approvedPlan', value: 'hash-2' }]);
  });

  it('given a failed check, when the plan is shown, then it cannot be approved', async() => {
    await openAtReview();
    await serverPlans({ phase: 'AwaitingApproval', plan: plan('hash-1', { checks: [{ id: 'name', verdict: 'Fail', message: 'The name is taken.' }] }) });

    expect(byTestid(wrapper, 'hvb-plan-blocked').exists()).toBe(true);
    expect(approveButton().attributes()).toHaveProperty('disabled');
  });

  it('given a draft, when the wizard is left without an approval, then the draft is removed', async() => {
    await openAtReview();
    const id = restores()[0]?.id;

    wrapper.unmount();
    await flushPromises();
    expect(steve.removed).toEqual([id]);
  });

  it('given a draft, when the person goes back and forth, then the first draft is gone and one new one is there', async() => {
    await openAtReview();
    await button('wizard.previous')?.trigger('click');
    await flushPromises();
    expect(restores()).toEqual([]);
    await next();

    expect(steve.created).toHaveLength(2);
    expect(restores()).toHaveLength(1);
  });

  it('given a restore that the API refuses, when the review opens, then the reason is shown and it can be tried again', async() => {
    steve.admit = () => {
      throw new Error('quota exceeded');
    };
    await openAtReview();

    expect(wrapper.text()).toContain('quota exceeded');
    steve.admit = () => undefined;
    await byTestid(wrapper, 'hvb-plan-again').trigger('click');
    await flushPromises();
    expect(restores()).toHaveLength(1);
  });

  it('given a plan that could not be made, when it failed, then the failure is shown and another try makes a new draft', async() => {
    await openAtReview();
    const first = restores()[0]?.id;

    await serverPlans({ phase: 'Failed', failure: FAILURE });
    expect(byTestid(wrapper, 'hvb-failure-code').text()).toBe('HVB-REPO-FULL');
    await byTestid(wrapper, 'hvb-failure-retry').trigger('click');
    await flushPromises();

    expect(steve.removed).toEqual([first]);
    expect(restores()).toHaveLength(1);
  });
});

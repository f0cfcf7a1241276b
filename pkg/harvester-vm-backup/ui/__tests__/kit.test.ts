import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nextTick } from 'vue';
import { FakeSteve } from '../../__tests__/support/fake-steve';
import { byTestid, mountIn } from '../../__tests__/support/mounting';
import { FAILURE, completedBackup } from '../../__tests__/support/samples';
import { BACKUP_RUN } from '../../domain/timeline';
import CheckList from '../CheckList.vue';
import ConsistencyReceipt from '../ConsistencyReceipt.vue';
import DiskProgress from '../DiskProgress.vue';
import FailureBanner from '../FailureBanner.vue';
import PhaseTimeline from '../PhaseTimeline.vue';

const GIB = 2 ** 30;
const steve = new FakeSteve();

describe('DiskProgress', () => {
  it('given a disk at work, when shown, then it tells share, bytes, rate, time left and new data, in words for screen readers too', () => {
    const wrapper = mountIn(steve, DiskProgress, {
      name: 'root', phase: 'Moving', progress: {
        bytesTotal: 4 * GIB, bytesDone: GIB, bytesUploaded: GIB / 2, bytesPerSecond: 100 * 2 ** 20, etaSeconds: 31
      }
    });
    const bar = byTestid(wrapper, 'hvb-disk-bar-root');

    expect(byTestid(wrapper, 'hvb-disk-phase-root').text()).toBe('Transferring 25%');
    expect(bar.attributes()).toMatchObject({ role: 'progressbar', 'aria-valuenow': '25', 'aria-label': 'Progress of root' });
    expect(bar.attributes('aria-valuetext')).toBe('1 GiB of 4 GiB · 100 MiB/s · 31 s left · 512 MiB new in the repository');
    expect(wrapper.text()).toContain('1 GiB of 4 GiB');
  });

  it('given a disk whose size is not known yet, when shown, then the bar has no value', () => {
    const wrapper = mountIn(steve, DiskProgress, { name: 'root', phase: 'Exposing', message: 'waits for the PVC' });

    expect(byTestid(wrapper, 'hvb-disk-bar-root').attributes()).not.toHaveProperty('aria-valuenow');
    expect(wrapper.text()).toContain('waits for the PVC');
  });

  it('given a finished disk, when shown, then there is no rate and no time left any more', () => {
    const wrapper = mountIn(steve, DiskProgress, {
      name: 'root', phase: 'Completed', progress: { bytesTotal: GIB, bytesDone: GIB, bytesPerSecond: 5, etaSeconds: 3 }
    });

    expect(byTestid(wrapper, 'hvb-disk-bar-root').attributes('aria-valuenow')).toBe('100');
    expect(wrapper.text()).not.toContain('left');
    expect(wrapper.text()).not.toContain('/s');
  });

  it('given a disk on its third try, when shown, then it says so', () => {
    expect(mountIn(steve, DiskProgress, { name: 'root', phase: 'Moving', attempts: 3 }).text()).toContain('try 3');
  });
});

describe('PhaseTimeline', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.parse('2026-11-22T10:00:10Z') });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const timings = [{ phase: 'Pending', startedAt: '2026-11-22T10:00:00Z', finishedAt: '2026-11-22T10:00:02Z' }, { phase: 'Moving', startedAt: '2026-11-22T10:00:02Z' }];

  it('given a phase at work, when a second passes, then its duration grows and the others stand still', async() => {
    const wrapper = mountIn(steve, PhaseTimeline, { run: BACKUP_RUN, timings, phase: 'Moving', message: 'moves 2 disks' });

    expect(byTestid(wrapper, 'hvb-timeline-Moving').text()).toContain('8 s');
    vi.advanceTimersByTime(1000);
    await nextTick();
    expect(byTestid(wrapper, 'hvb-timeline-Moving').text()).toContain('9 s');
    expect(byTestid(wrapper, 'hvb-timeline-Pending').text()).toContain('2 s');
    expect(byTestid(wrapper, 'hvb-timeline-message').text()).toBe('moves 2 disks');
    wrapper.unmount();
  });

  it('given a phase at work, when shown, then it is the current step, by more than its colour', () => {
    const wrapper = mountIn(steve, PhaseTimeline, { run: BACKUP_RUN, timings, phase: 'Moving' });
    const current = byTestid(wrapper, 'hvb-timeline-Moving');

    expect(current.attributes('aria-current')).toBe('step');
    expect(current.text()).toContain('in progress');
    expect(byTestid(wrapper, 'hvb-timeline-Completed').text()).toContain('still ahead');
    wrapper.unmount();
  });

  it('given an operation that is over, when shown, then no clock runs', () => {
    const wrapper = mountIn(steve, PhaseTimeline, { run: BACKUP_RUN, timings, phase: 'Completed' });

    expect(vi.getTimerCount()).toBe(0);
    wrapper.unmount();
  });

  it('given a page that is left, when the timeline goes, then its clock goes with it', () => {
    const wrapper = mountIn(steve, PhaseTimeline, { run: BACKUP_RUN, timings, phase: 'Moving' });

    expect(vi.getTimerCount()).toBe(1);
    wrapper.unmount();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('FailureBanner', () => {
  it('given a failure, when shown, then code, message and remedy are there and the evidence is folded', async() => {
    const wrapper = mountIn(steve, FailureBanner, { failure: FAILURE });

    expect(byTestid(wrapper, 'hvb-failure-code').text()).toBe('HVB-REPO-FULL');
    expect(byTestid(wrapper, 'hvb-failure-message').text()).toBe(FAILURE.message);
    expect(byTestid(wrapper, 'hvb-failure-remedy').text()).toBe(FAILURE.remedy);
    expect(wrapper.find('[data-testid="hvb-failure-evidence"]').exists()).toBe(false);
    await byTestid(wrapper, 'hvb-failure-evidence-toggle').trigger('click');
    expect(byTestid(wrapper, 'hvb-failure-evidence').text()).toBe(FAILURE.evidence);
  });

  it('given a failure that may be retried by this person, when the button is pressed, then the page is told', async() => {
    const wrapper = mountIn(steve, FailureBanner, { failure: FAILURE, canRetry: true });

    await byTestid(wrapper, 'hvb-failure-retry').trigger('click');
    expect(wrapper.emitted('retry')).toHaveLength(1);
  });

  it('given no right to retry and no evidence, when shown, then there is no button at all', () => {
    const wrapper = mountIn(steve, FailureBanner, { failure: { ...FAILURE, evidence: undefined } });

    expect(wrapper.findAll('button')).toHaveLength(0);
  });
});

describe('ConsistencyReceipt', () => {
  const { consistency, volumes = [] } = completedBackup().status ?? {};

  it('given a quiesced backup, when shown, then level, policy, window, spread and every disk\'s cut are there', () => {
    const wrapper = mountIn(steve, ConsistencyReceipt, { record: consistency, volumes });
    const fact = (name: string): string => byTestid(wrapper, `hvb-fact-${ name }`).get('dd').text();

    expect(fact('level')).toBe('Filesystem');
    expect(fact('policy')).toBe('Required');
    expect(fact('agent')).toBe('Connected');
    expect(fact('window')).toBe('840 ms');
    expect(fact('spread')).toBe('110 ms');
    expect(fact('frozenAt')).toContain('.120');
    expect(byTestid(wrapper, 'hvb-receipt-cut-data').text()).toContain('.510');
    expect(byTestid(wrapper, 'hvb-receipt-reason').text()).toBe('All filesystems were frozen.');
  });

  it('given a backup that was not frozen, when shown, then the missing instants are dashes and the level says crash', () => {
    const wrapper = mountIn(steve, ConsistencyReceipt, { record: { policy: 'Skip', level: 'Crash', reason: 'asked for', agentConnected: false }, volumes: [] });

    expect(byTestid(wrapper, 'hvb-fact-level').text()).toContain('Crash');
    expect(byTestid(wrapper, 'hvb-fact-frozenAt').get('dd').text()).toBe('—');
    expect(byTestid(wrapper, 'hvb-fact-agent').text()).toContain('Not connected');
  });
});

describe('CheckList', () => {
  it('given checks of every verdict, when shown, then the worst is first, with its verdict in words, subject and remedy', () => {
    const wrapper = mountIn(steve, CheckList, {
      checks: [
        { id: 'class', verdict: 'Pass', message: 'exists' },
        { id: 'name', verdict: 'Fail', message: 'taken', subject: 'tenant-b/db', remedy: 'Choose another.' },
      ]
    });
    const items = wrapper.findAll('li').map((item) => item.text());

    expect(items[0]).toMatch(/^Failed.*tenant-b\/db.*taken.*Choose another\.$/s);
    expect(byTestid(wrapper, 'hvb-checks-summary').text()).toBe('1 passed, 0 with a warning, 1 failed');
  });
});

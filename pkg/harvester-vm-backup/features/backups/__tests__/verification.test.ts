import { describe, expect, it } from 'vitest';
import type { Verification } from '../../../../../server/contract/vm-backup.ts';
import { FakeSteve } from '../../../__tests__/support/fake-steve';
import { byTestid, mountIn } from '../../../__tests__/support/mounting';
import { FAILURE } from '../../../__tests__/support/samples';
import { isVerifiable, verifyPatch } from '../../../domain/verify-request';
import VerificationResult from '../components/VerificationResult.vue';

const NOW = new Date('2026-01-01T00:00:00Z');
const VERIFICATION: Verification = { state: 'Passed', startedAt: '2026-01-01T01:00:00Z', finishedAt: '2026-01-01T01:05:00Z', bytesRead: 3 * 2 ** 30 };

describe('VerificationResult', () => {
  const show = (verification: Partial<Verification>) => mountIn(new FakeSteve(), VerificationResult, { verification: { ...VERIFICATION, ...verification } });

  it('given one that passed, when shown, then it says so and how much was read', () => {
    const wrapper = show({});

    expect(byTestid(wrapper, 'hvb-fact-verification-state').text()).toContain('Every byte is as it was backed up');
    expect(byTestid(wrapper, 'hvb-fact-verification-bytesRead').text()).toContain('3 GiB');
    expect(wrapper.find('[data-testid="hvb-failure"]').exists()).toBe(false);
  });

  it('given one that failed, when shown, then failure and remedy are there', () => {
    const wrapper = show({ state: 'Failed', failure: FAILURE });

    expect(byTestid(wrapper, 'hvb-failure-code').text()).toBe(FAILURE.code);
    expect(byTestid(wrapper, 'hvb-failure-remedy').text()).toBe(FAILURE.remedy);
  });

  it('given one that waits for a mover, when shown, then it says what it waits for', () => {
    expect(byTestid(show({ state: 'Running', message: 'Waits for a free mover.' }), 'hvb-verification-message').text()).toBe('Waits for a free mover.');
  });
});

describe('the request for a verification', () => {
  it.each([['Completed', undefined, true], ['Completed', 'Passed', true], ['Completed', 'Running', false], ['Moving', undefined, false], ['Failed', undefined, false]] as const)('given a backup that is %s with a verification %s, when asked whether it may be verified, then %s', (phase, state, expected) => {
    expect(isVerifiable({ metadata: { name: 'b' }, status: { phase, ...(state ? { verification: { ...VERIFICATION, state } } : {}) } })).toBe(expected);
  });

  it('given annotations or none, when asked for, then only ours is written, and later than the last start', () => {
    expect(verifyPatch({ metadata: { name: 'b' } }, NOW)).toEqual([{ op: 'add', path: '/metadata/annotations', value: { 'backup.harvesterhci.io/verify-requested-at': '2026-01-01T00:00:00.000Z' } }]);
    expect(verifyPatch({ metadata: { name: 'b', annotations: { a: 'b' } }, status: { phase: 'Completed', verification: VERIFICATION } }, NOW)).toEqual([{ op: 'add', path: '/metadata/annotations/backup.harvesterhci.io~1verify-requested-at', value: '2026-01-01T01:00:00.001Z' }]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeWindow } from '../../../server/domain/backup/consistency.ts';
import { decideQuiesce, guestFacts } from '../../../server/domain/backup/quiesce.ts';
import { aVMI } from '../../support/builders.ts';

const guest = (changes: object = {}) => ({ running: true, paused: false, migrating: false, agentConnected: true, ...changes });

describe('the quiesce rule', () => {
  it.each([
    ['Required', guest(), { action: 'Freeze' }],
    ['BestEffort', guest(), { action: 'Freeze' }],
    ['Skip', guest(), { action: 'Cut', level: 'Crash' }],
    ['Required', guest({ agentConnected: false }), { action: 'Fail', code: 'HVB-GUEST-AGENT-MISSING' }],
    ['BestEffort', guest({ agentConnected: false }), { action: 'Cut', level: 'Crash' }],
    ['Required', guest({ paused: true }), { action: 'Fail', code: 'HVB-GUEST-NOT-RUNNING' }],
    ['BestEffort', guest({ paused: true }), { action: 'Cut', level: 'Crash' }],
    ['Required', guest({ running: false }), { action: 'Cut', level: 'Stopped' }],
    ['Skip', guest({ migrating: true }), { action: 'Wait' }],
  ] as const)('given policy %s and a guest %o, when decided, then %o', (policy, facts, expected) => {
    expect(decideQuiesce(policy, facts, 'web/shop')).toMatchObject(expected);
  });

  it('given any running guest, when the policy is Required, then it is never cut without a freeze', () => {
    fc.assert(fc.property(fc.boolean(), fc.boolean(), fc.boolean(), (paused, migrating, agentConnected) => {
      expect(decideQuiesce('Required', guest({ paused, migrating, agentConnected }), 'web/shop').action).not.toBe('Cut');
    }));
  });

  it('given no VMI, when its facts are read, then the VM is stopped; given a live one, then its conditions count', () => {
    expect(guestFacts(undefined)).toEqual({ running: false, paused: false, migrating: false, agentConnected: false });
    expect(guestFacts(aVMI({ paused: true, agent: false }))).toEqual({ running: true, paused: true, migrating: false, agentConnected: false });
  });
});

describe('the judgement of a window', () => {
  const base = { policy: 'BestEffort', agentConnected: true, frozen: true, deadlineMs: 1000, cuts: [new Date(1000), new Date(1200)], otherwise: { level: 'Crash', reason: 'why' } } as const;

  it('given every cut within the deadline, when judged, then the level is Filesystem and the spread is told', () => {
    expect(judgeWindow({ ...base, cutSeenAfterMs: 999, windowMs: 999.6 })).toMatchObject({ level: 'Filesystem', spreadMilliseconds: 200, windowMilliseconds: 1000 });
  });

  it('given a cut that was seen only after the deadline, when judged, then it is not called Filesystem although the freeze succeeded', () => {
    expect(judgeWindow({ ...base, cutSeenAfterMs: 1000 })).toMatchObject({ level: 'Crash', reason: expect.stringContaining('deadline') as string });
  });

  it('given no freeze, when judged, then the level and the reason are those given', () => {
    expect(judgeWindow({ ...base, frozen: false, otherwise: { level: 'Stopped', reason: 'off' } })).toMatchObject({ level: 'Stopped', reason: 'off' });
  });
});

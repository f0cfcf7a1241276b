import { describe, expect, it } from 'vitest';
import { BACKUP_RUN, RESTORE_RUN, timeline } from '../timeline';

const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 22, 10, 0, seconds)).toISOString();
const now = Date.parse(at(60));
const states = (steps: ReturnType<typeof timeline>): string[] => steps.map(({ phase, state }) => `${ phase }:${ state }`);

describe('timeline', () => {
  it('given a backup at work, when it is drawn, then what is done has its duration, what runs grows until now, and the rest is ahead', () => {
    const steps = timeline(BACKUP_RUN, [
      { phase: 'Pending', startedAt: at(0), finishedAt: at(1) },
      { phase: 'Queued', startedAt: at(1), finishedAt: at(3) },
      { phase: 'Quiescing', startedAt: at(3) },
    ], 'Quiescing', now);

    expect(states(steps)).toEqual(['Pending:done', 'Queued:done', 'Quiescing:current', 'Moving:ahead', 'Committing:ahead', 'Cleaning:ahead', 'Completed:ahead']);
    expect(steps.map(({ milliseconds }) => milliseconds)).toEqual([1000, 2000, 57_000, undefined, undefined, undefined, undefined]);
  });

  it('given a backup that failed while freezing, when it is drawn, then it ends in Failed and shows no phase that was never reached', () => {
    const steps = timeline(BACKUP_RUN, [
      { phase: 'Pending', startedAt: at(0), finishedAt: at(1) },
      { phase: 'Quiescing', startedAt: at(1), finishedAt: at(4) },
      { phase: 'Cleaning', startedAt: at(4), finishedAt: at(5) },
      { phase: 'Failed', startedAt: at(5), finishedAt: at(5) },
    ], 'Failed', now);

    expect(states(steps)).toEqual(['Pending:done', 'Quiescing:done', 'Cleaning:done', 'Failed:failed']);
  });

  it('given a phase that was entered twice, when it is drawn, then it stands once with its last duration', () => {
    const steps = timeline(BACKUP_RUN, [
      { phase: 'Quiescing', startedAt: at(0), finishedAt: at(1) },
      { phase: 'Quiescing', startedAt: at(10), finishedAt: at(13) },
      { phase: 'Moving', startedAt: at(13) },
    ], 'Moving', now);

    expect(steps.filter(({ phase }) => phase === 'Quiescing').map(({ milliseconds }) => milliseconds)).toEqual([3000]);
  });

  it('given a restore that is approved at once, when it is past the approval, then the approval is shown as not needed, and a phase before the first one that was seen is left out', () => {
    const steps = timeline(RESTORE_RUN, [{ phase: 'Planning', startedAt: at(0), finishedAt: at(1) }, { phase: 'Queued', startedAt: at(1) }], 'Queued', now);

    expect(states(steps).slice(0, 3)).toEqual(['Planning:done', 'AwaitingApproval:skipped', 'Queued:current']);
  });

  it('given a restore that rolls back, when it is drawn, then rolling back is the current phase and nothing good is promised after it', () => {
    const steps = timeline(RESTORE_RUN, [{ phase: 'RestoringVolumes', startedAt: at(0), finishedAt: at(9) }, { phase: 'RollingBack', startedAt: at(9) }], 'RollingBack', now);

    expect(states(steps).at(-1)).toBe('RollingBack:current');
    expect(states(steps)).not.toContain('Completed:ahead');
  });

  it('given a completed backup, when it is drawn, then it ends in Completed as done', () => {
    const steps = timeline(BACKUP_RUN, BACKUP_RUN.map((phase, index) => ({ phase, startedAt: at(index), finishedAt: at(index + 1) })), 'Completed', now);

    expect(steps.at(-1)).toMatchObject({ phase: 'Completed', state: 'done' });
    expect(steps).toHaveLength(BACKUP_RUN.length);
  });
});

import { describe, expect, it } from 'vitest';
import { ANNOTATION_PROBE_REQUESTED } from '../../../server/contract/names.ts';
import { decideRepository, PROBE_EVERY_MS } from '../../../server/domain/repository/decide.ts';
import { aRepository } from '../../support/builders.ts';

const T0 = new Date('2026-01-01T00:00:00Z');
const after = (ms: number): Date => new Date(T0.getTime() + ms);
const ready = (changes: object = {}) => aRepository({ repositoryID: 'r1', keyVersion: 'k1', observedGeneration: 1, lastProbeAt: T0.toISOString(), ...changes });

describe('what to do with a repository', () => {
  it('given a new one, when decided, then it is initialised', () => {
    expect(decideRepository({ ...aRepository(), status: { phase: 'Pending' } }, 'k1', T0)).toEqual({ action: 'Init' });
  });

  it('given one that was ours before, when anything makes it due, then it is only probed: initialising an empty place would hide the loss of every backup', () => {
    for (const changes of [{ lastProbeAt: undefined }, { keyVersion: 'old' }, { observedGeneration: 0 }]) expect(decideRepository(ready(changes), 'k1', T0)).toEqual({ action: 'Probe' });
  });

  it('given a ready one, when nothing changed, then it waits for the next regular probe', () => {
    expect(decideRepository(ready(), 'k1', after(1000))).toEqual({ action: 'Wait', forMs: PROBE_EVERY_MS - 1000 });
    expect(decideRepository(ready(), 'k1', after(PROBE_EVERY_MS))).toEqual({ action: 'Probe' });
  });

  it('given failures in a row, when decided, then each makes the next try later, up to five minutes', () => {
    const waits = [1, 2, 3, 20].map((failedProbes) => decideRepository(ready({ phase: 'Failed', failedProbes }), 'k1', T0));

    expect(waits).toEqual([5_000, 10_000, 20_000, 300_000].map((forMs) => ({ action: 'Wait', forMs })));
  });

  it.each([[after(1).toISOString(), 'Probe'], [after(-1).toISOString(), 'Wait'], ['soon', 'Wait']])('given a probe asked for at %s, when decided, then: %s', (asked, action) => {
    const repository = ready();

    repository.metadata.annotations = { [ANNOTATION_PROBE_REQUESTED]: asked };
    expect(decideRepository(repository, 'k1', T0).action).toBe(action);
  });
});

import { describe, expect, it } from 'vitest';
import type { VMBackup } from '../../../../server/contract/vm-backup.ts';
import { completedBackup } from '../../__tests__/support/samples';
import { protectionByVM } from '../protection';

const backup = (name: string, created: string, status: Partial<VMBackup['status']> = {}): VMBackup => {
  const sample = completedBackup({ name, status });

  return { ...sample, metadata: { ...sample.metadata, creationTimestamp: created } };
};

describe('protectionByVM', () => {
  it('given several backups, when asked, then the newest completed one is the last good one and only completed ones count', () => {
    const of = protectionByVM([backup('a', '2026-01-01T00:00:00Z'), backup('c', '2026-01-03T00:00:00Z', { phase: 'Moving' }), backup('b', '2026-01-02T00:00:00Z')]);
    const protection = of('tenant-a', 'db', 'vm-1');

    expect(protection.lastGood?.metadata.name).toBe('b');
    expect(protection.good).toBe(2);
    expect(protection.running?.metadata.name).toBe('c');
  });

  it('given a VM made anew under an old name, when asked, then the old VM\'s backups do not protect it', () => {
    const of = protectionByVM([backup('a', '2026-01-01T00:00:00Z')]);

    expect(of('tenant-a', 'db', 'vm-2')).toEqual({ good: 0 });
    expect(of('tenant-b', 'db', 'vm-1')).toEqual({ good: 0 });
  });

  it('given a failed backup before a good one, when asked, then it is not reported any more', () => {
    const failed = backup('a', '2026-01-01T00:00:00Z', { phase: 'Failed' });

    expect(protectionByVM([failed])('tenant-a', 'db', 'vm-1').lastFailed?.metadata.name).toBe('a');
    expect(protectionByVM([failed, backup('b', '2026-01-02T00:00:00Z')])('tenant-a', 'db', 'vm-1').lastFailed).toBeUndefined();
  });
});

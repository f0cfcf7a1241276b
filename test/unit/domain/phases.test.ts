import { describe, expect, it } from 'vitest';
import { BACKUP_PHASES } from '../../../server/contract/vm-backup.ts';
import { RESTORE_PHASES } from '../../../server/contract/vm-restore.ts';
import { assertTransition, BACKUP_TRANSITIONS, isBackupTerminal, isRestoreTerminal, REPOSITORY_TRANSITIONS, RESTORE_TRANSITIONS } from '../../../server/domain/phases.ts';

function reachable(table: Readonly<Record<string, readonly string[]>>, from: string): Set<string> {
  const seen = new Set([from]);

  for (const phase of seen) table[phase]?.forEach((next) => seen.add(next));
  return seen;
}

describe('phase transitions', () => {
  it('given a new backup, when every way is followed, then each phase is reachable', () => {
    expect([...reachable(BACKUP_TRANSITIONS, 'Pending')].sort()).toEqual([...BACKUP_PHASES].sort());
  });

  it('given a new restore, when every way is followed, then each phase is reachable', () => {
    expect([...reachable(RESTORE_TRANSITIONS, 'Pending')].sort()).toEqual([...RESTORE_PHASES].sort());
  });

  it('given a backup that has snapshots or movers, when it ends, then only by way of Cleaning', () => {
    for (const phase of ['Moving', 'Committing'] as const) expect(BACKUP_TRANSITIONS[phase].filter(isBackupTerminal)).toEqual([]);
  });

  it('given a restore that may have created something, when it fails, then only by way of RollingBack', () => {
    for (const phase of ['RestoringVolumes', 'CreatingVM'] as const) expect(RESTORE_TRANSITIONS[phase].filter((next) => next !== 'Completed' && isRestoreTerminal(next))).toEqual([]);
  });

  it('given a restore whose VM is complete, when the VM does not start, then it may fail without losing the VM', () => {
    expect(RESTORE_TRANSITIONS.Starting).toContain('Failed');
  });

  it('given a transition that the table lacks, when it is tried, then it is refused by name', () => {
    expect(() => assertTransition(BACKUP_TRANSITIONS, 'Completed', 'Moving')).toThrow('illegal phase transition Completed → Moving');
    expect(() => assertTransition(REPOSITORY_TRANSITIONS, 'Ready', 'Ready')).not.toThrow();
  });
});

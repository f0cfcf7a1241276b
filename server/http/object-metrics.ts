import { Gauge, type Registry } from 'prom-client';
import type { Clock } from '../contract/clock.ts';
import type { VMReport } from '../contract/http.ts';
import { BACKUP_PHASES } from '../contract/vm-backup.ts';
import { RESTORE_PHASES } from '../contract/vm-restore.ts';
import { vmReport } from '../domain/report/vm-report.ts';
import type { Catalogue } from './catalogue.ts';

/**
 * Gauges of the objects, read from the live copies when somebody scrapes. Every replica tells the same, so sums over replicas count
 * twice: use `max`.
 */
export function registerObjectMetrics(registry: Registry, { backups, restores, repositories, machines }: Catalogue, clock: Clock): void {
  const gauge = (name: string, help: string, labelNames: readonly string[], collect: (set: (labels: Record<string, string>, value: number) => void) => void): void => {
    const made: Gauge = new Gauge({
      name, help, labelNames, registers: [registry],
      collect() {
        // What is gone must not keep its last value.
        made.reset();
        collect((labels, value) => made.set(labels, value));
      },
    });
  };
  const byPhase = (phases: readonly string[], objects: readonly { status?: { phase: string } }[]): Map<string, number> => {
    const counts = new Map(phases.map((phase) => [phase, 0]));

    for (const { status } of objects) counts.set(status?.phase ?? 'Pending', (counts.get(status?.phase ?? 'Pending') ?? 0) + 1);
    return counts;
  };

  gauge('hvb_backups', 'VMBackups by phase.', ['phase'], (set) => byPhase(BACKUP_PHASES, backups.list()).forEach((count, phase) => set({ phase }, count)));
  gauge('hvb_restores', 'VMRestores by phase.', ['phase'], (set) => byPhase(RESTORE_PHASES, restores.list()).forEach((count, phase) => set({ phase }, count)));
  gauge('hvb_repository_ready', '1 while the repository opens with its key.', ['repository'], (set) => {
    for (const { metadata: { name }, status } of repositories.list()) set({ repository: name }, status?.phase === 'Ready' ? 1 : 0);
  });
  gauge('hvb_repository_size_bytes', 'Size of the repository at its last probe.', ['repository'], (set) => {
    for (const { metadata: { name }, status } of repositories.list()) if (status?.sizeBytes !== undefined) set({ repository: name }, status.sizeBytes);
  });
  gauge('hvb_repository_last_probe_age_seconds', 'Time since the last probe of the repository began.', ['repository'], (set) => {
    for (const { metadata: { name }, status } of repositories.list()) if (status?.lastProbeAt) set({ repository: name }, Math.max(0, (clock.now().getTime() - Date.parse(status.lastProbeAt)) / 1000));
  });
  let report: VMReport[] | undefined;
  /** One report a scrape: all gauges are collected in one turn, and what is kept is gone with it. */
  const existing = (): VMReport[] => {
    if (!report) queueMicrotask(() => { report = undefined; });
    return report ??= vmReport(machines.list(), backups.list(), clock.now()).filter(({ exists }) => exists);
  };

  gauge('hvb_vm_last_good_backup_timestamp_seconds', 'When the last good backup of an existing VM was complete (Unix time); absent for a VM that has none.', ['namespace', 'vm'], (set) => {
    for (const { namespace, vm, lastGood } of existing()) if (lastGood) set({ namespace, vm }, Date.parse(lastGood.completedAt) / 1000);
  });
  gauge('hvb_vm_failed_backups', 'Backups of an existing VM that failed since its last good one.', ['namespace', 'vm'], (set) => {
    for (const { namespace, vm, failuresSince } of existing()) set({ namespace, vm }, failuresSince);
  });
  gauge('hvb_vm_damaged_backups', 'Complete backups of an existing VM that a verification found damaged.', ['namespace', 'vm'], (set) => {
    for (const { namespace, vm, damagedBackups } of existing()) set({ namespace, vm }, damagedBackups);
  });
}

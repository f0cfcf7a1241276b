import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BACKUP_REPOSITORY, VIRTUAL_MACHINE, VM_BACKUP } from '../../../server/contract/api.ts';
import { failure } from '../../../server/contract/failures.ts';
import { ApiError } from '../../../server/kube/client.ts';
import { createController } from '../../../server/kube/controller.ts';
import { createPrometheus } from '../../../server/telemetry/prometheus.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { aBackup, aRepository } from '../../support/builders.ts';
import { memoryLog } from '../kube/support.ts';
import { startLab, type Lab } from './harness.ts';

const aMachine = (name: string, uid: string) => ({ apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata: { namespace: 'web', name, uid } });

describe('the metrics of objects', () => {
  let lab: Lab;

  beforeEach(async () => { lab = await startLab(); });
  afterEach(() => lab.stop());

  const scrape = async (): Promise<string[]> => (await lab.ask('/metrics')).text.split('\n');

  it('given backups, a repository and VMs, when scraped, then phases, repository and the last good backup are told', async () => {
    lab.kube.seed(VIRTUAL_MACHINE, aMachine('shop', 'vm-1'));
    lab.kube.seed(VIRTUAL_MACHINE, aMachine('new', 'vm-2'));
    lab.kube.seed(VM_BACKUP, aBackup({ name: 'a', status: { phase: 'Completed', vm: { name: 'shop', uid: 'vm-1' }, completedAt: '2026-01-09T00:00:00.000Z' } }));
    lab.kube.seed(VM_BACKUP, aBackup({ name: 'b', status: { phase: 'Failed', vm: { name: 'shop', uid: 'vm-1' }, completedAt: '2026-01-09T12:00:00.000Z', failure: failure('HVB-REPO-FULL', 'full', new Date(0)) } }));
    lab.kube.seed(BACKUP_REPOSITORY, aRepository({ sizeBytes: 4096, lastProbeAt: '2026-01-09T23:59:00.000Z' }));
    const lines = await scrape();

    expect(lines).toEqual(expect.arrayContaining([
      'hvb_backups{phase="Completed"} 1', 'hvb_backups{phase="Failed"} 1', 'hvb_backups{phase="Moving"} 0', 'hvb_restores{phase="Queued"} 0',
      'hvb_repository_ready{repository="main"} 1', 'hvb_repository_size_bytes{repository="main"} 4096', 'hvb_repository_last_probe_age_seconds{repository="main"} 60',
      `hvb_vm_last_good_backup_timestamp_seconds{namespace="web",vm="shop"} ${ Date.parse('2026-01-09T00:00:00Z') / 1000 }`,
      'hvb_vm_failed_backups{namespace="web",vm="shop"} 1', 'hvb_vm_damaged_backups{namespace="web",vm="shop"} 0', 'hvb_vm_failed_backups{namespace="web",vm="new"} 0', 'hvb_build_info{version="test",node="' + process.version + '"} 1',
    ]));
    expect(lines.filter((line) => line.startsWith('hvb_vm_last_good_backup') && line.includes('"new"'))).toEqual([]);
    expect(lines.some((line) => line.startsWith('process_cpu_seconds_total'))).toBe(true);
  });

  it('given a repository that is removed, when scraped again, then its series are gone', async () => {
    lab.kube.seed(BACKUP_REPOSITORY, aRepository());
    expect((await scrape()).some((line) => line.includes('repository="main"'))).toBe(true);
    await lab.kube.delete(BACKUP_REPOSITORY, { name: 'main' });
    expect((await scrape()).filter((line) => line.includes('repository="main"'))).toEqual([]);
  });

  it('given requests to paths that do not exist, when scraped, then they share one series', async () => {
    for (const path of ['/a', '/b', '/v1/namespaces/x/backups/y/z']) await lab.ask(path);
    expect((await scrape()).filter((line) => line.startsWith('hvb_http_requests_total'))).toEqual(['hvb_http_requests_total{route="none",method="GET",status="404"} 3']);
  });
});

describe('the metrics of loops', () => {
  it('given reconciles that succeed, conflict and fail, when counted, then each has its outcome, and waiting keys are told', async () => {
    const clock = new FakeClock();
    const { metrics, registry } = createPrometheus({ version: 'test' });
    const outcomes: (Error | undefined)[] = [undefined, new ApiError(409, 'Conflict', 'changed'), new Error('boom')];
    const stop = new AbortController();
    const controller = createController({
      name: 'test', sources: [], log: memoryLog().log, clock, metrics: metrics.controller('test'),
      async reconcile() {
        const outcome = outcomes.shift();

        if (outcome) throw outcome;
        if (outcomes.length === 0) stop.abort();
      },
    });

    controller.enqueue('a');
    controller.enqueue('b');
    controller.enqueue('c');
    expect(await registry.getSingleMetricAsString('hvb_queue_depth')).toContain('hvb_queue_depth{controller="test"} 3');
    const ended = controller.run(stop.signal);

    await clock.advance(1);
    stop.abort();
    await ended;
    const text = await registry.metrics();

    for (const outcome of ['success', 'conflict', 'error']) expect(text).toContain(`hvb_reconcile_total{controller="test",outcome="${ outcome }"} 1`);
    expect(text).toContain('hvb_reconcile_duration_seconds_count{controller="test"} 3');
  });

  it('given an informer and a leader, when they tell, then lists, failures and leadership are counted', async () => {
    const { metrics, registry } = createPrometheus({ version: 'test' });
    const informer = metrics.informer('vmbackups');

    informer.listed();
    informer.failed();
    metrics.leading(true);
    const text = await registry.metrics();

    expect(text).toContain('hvb_informer_lists_total{kind="vmbackups"} 1');
    expect(text).toContain('hvb_informer_failures_total{kind="vmbackups"} 1');
    expect(text).toContain('hvb_leader 1');
    metrics.leading(false);
    expect(await registry.metrics()).toContain('hvb_leader 0');
  });
});

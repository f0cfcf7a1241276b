import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JOB, PVC, VIRTUAL_MACHINE_INSTANCE, VOLUME_SNAPSHOT } from '../../../server/contract/api.ts';
import type { Job, PersistentVolumeClaim, VolumeSnapshot } from '../../../server/contract/kubernetes.ts';
import { judgeDisks, readRecords } from '../../../server/embedded/guest/read-records.ts';
import { startTestCluster, waitFor } from '../../support/cluster.ts';

const PROGRAM = join(import.meta.dirname, '../../support/cluster-process.ts');

describe('a cluster process that is killed', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hvb-power-'));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Starts a cluster process and kills it `ms` after it began (or after it became busy); gives what it printed. */
  function runAndKill(ms: number, after: 'start' | 'busy'): Promise<string> {
    const child = spawn(process.execPath, [PROGRAM, folder], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const kill = (): void => void setTimeout(() => child.kill('SIGKILL'), ms);
    const read = (chunk: Buffer): void => {
      if (after === 'busy' && !output.includes('busy') && String(chunk).includes('busy')) {
        kill();
      }
      output += String(chunk);
    };

    child.stdout.on('data', read);
    child.stderr.on('data', read);
    if (after === 'start') {
      kill();
    }

    return new Promise((resolve) => {
      child.on('exit', () => resolve(output));
    });
  }

  it('given kills during the seed and during snapshots, copies and Jobs, when the cluster starts again, then all of it is finished or has failed cleanly, and disks are whole', async () => {
    // Long enough for the program to load; then in the midst of the seed.
    for (const ms of [900, 1300, 1700]) {
      await runAndKill(ms, 'start');
    }
    for (const ms of [30, 120, 350, 700, 1200]) {
      expect(await runAndKill(ms, 'busy')).toContain('busy');
    }
    const cluster = await startTestCluster({ folder, images: { shell: { command: ['/bin/sh', '-c'] } } });
    const { client } = cluster;

    try {
      await cluster.machineReady('web', 'shop');
      await cluster.machineReady('web', 'cache');
      const snapshots = async (): Promise<VolumeSnapshot[]> => (await client.list<VolumeSnapshot>(VOLUME_SNAPSHOT)).items;

      expect((await snapshots()).length).toBeGreaterThan(5);
      await waitFor('every snapshot ready or failed', async () => (await snapshots()).every(({ status }) => status?.readyToUse || status?.error), { describe: async () => (await snapshots()).map(({ metadata, status }) => [metadata.name, status]) });
      const ready = new Set((await snapshots()).filter(({ status }) => status?.readyToUse).map(({ metadata }) => metadata.name));
      const claims = async (): Promise<PersistentVolumeClaim[]> => (await client.list<PersistentVolumeClaim>(PVC, { namespace: 'web' })).items;
      const possible = (all: PersistentVolumeClaim[]): PersistentVolumeClaim[] => all.filter(({ spec }) => !spec.dataSource || ready.has(spec.dataSource.name));

      await waitFor('every claim bound', async () => possible(await claims()).every(({ status }) => status?.phase === 'Bound'), { describe: async () => possible(await claims()) });
      const bound = new Set(possible(await claims()).map(({ metadata }) => metadata.name));
      const jobs = async (): Promise<Job[]> => (await client.list<Job>(JOB)).items.filter(({ spec }) => bound.has(spec.template.spec.volumes?.[0]?.persistentVolumeClaim?.claimName ?? ''));

      await waitFor('every Job ended', async () => (await jobs()).every(({ status }) => status?.conditions?.some(({ type }) => type === 'Complete' || type === 'Failed')), { describe: async () => (await jobs()).map(({ metadata, status }) => [metadata.name, status]) });
      expect((await jobs()).some(({ status }) => status?.succeeded === 1)).toBe(true);
      for (const claim of await claims().then((all) => all.filter(({ spec }) => ready.has(spec.dataSource?.name ?? '')))) {
        const disk = await readRecords(await cluster.imageOf('web', claim.metadata.name));

        // One instant of the disk: at most the newest record is half written, and nothing before it is missing.
        expect(disk).toMatchObject({ gap: false });
        expect(disk.broken).toBeLessThanOrEqual(1);
      }

      await client.putSubresource(VIRTUAL_MACHINE_INSTANCE, { namespace: 'web', name: 'shop' }, 'freeze', { unfreezeTimeout: '30s' });
      expect(judgeDisks(await Promise.all((await cluster.disksOf('web', 'shop')).map((disk) => readRecords(disk))))).toMatchObject({ whole: true });
      expect((await readdir(join(folder, 'drivers/volumes'), { recursive: true })).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    } finally {
      await cluster.stop();
    }
  });
});

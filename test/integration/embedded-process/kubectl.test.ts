import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type EmbeddedCluster } from '../../../server/embedded/cluster.ts';
import { openDataFolder } from '../../../server/embedded/process/data-folder.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { systemClock } from '../../../server/telemetry/system-clock.ts';
import { kubePrograms } from '../../support/kube/programs.ts';

describe('kubectl with the kubeconfig that npm start prints', () => {
  let folder: string;
  let cluster: EmbeddedCluster;

  /** The real kubectl as a person starts it; gives its output. */
  async function kubectl(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(kubePrograms(process.env).kubectl, args, { env: { PATH: process.env['PATH'] ?? '', HOME: folder, KUBECONFIG: cluster.kubeconfigPath } });

    return stdout;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hvb-kubectl-'));
    cluster = await startCluster({
      folder: await openDataFolder(join(folder, 'data'), { reset: false }), clock: systemClock, log: createLogger({ clock: systemClock, level: 'error', write: () => undefined }),
      env: process.env, server: false, seed: { scale: 1 / 16 },
    });
  });
  afterAll(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('given the demo VMs, when they are listed, then kubectl is let in and shows them', async () => {
    const lines = (await kubectl('get', 'virtualmachines', '--all-namespaces', '--output', 'name')).trim().split('\n');

    expect(lines.sort()).toEqual(['virtualmachine.kubevirt.io/cache', 'virtualmachine.kubevirt.io/shop', 'virtualmachine.kubevirt.io/wiki']);
  });

  it('given our kinds, when one is explained by its columns and deleted, then that works as in any cluster', async () => {
    expect(await kubectl('get', 'backupengines')).toMatch(/NAME\s+PHASE/);
    expect(await kubectl('delete', 'backupengine', 'restic')).toBe('backupengine.backup.harvesterhci.io "restic" deleted\n');
  });
});

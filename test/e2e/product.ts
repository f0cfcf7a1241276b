import type { EmbeddedCluster, ClusterOptions } from '../../server/embedded/cluster.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster } from '../../server/embedded/cluster.ts';
import { openDataFolder } from '../../server/embedded/process/data-folder.ts';
import { createLogger } from '../../server/telemetry/log.ts';
import { systemClock } from '../../server/telemetry/system-clock.ts';

/** The product as `npm start` brings it up, on an empty data folder, with small disks. */
export interface Product {
  readonly cluster: EmbeddedCluster;
  /** Base URL of the dashboard. */
  readonly url: string;
  readonly folder: string;
  stop(): Promise<void>;
}

function required(name: string): string {
  const value = process.env[name];

  if (!value) throw new Error(`${name} is not set: run the browser tests with "npm test", which builds what they need`);

  return value;
}

/** Starts the product; `scale` is the factor for the disks' sizes (1/8: 64 MiB for the largest). */
export async function startProduct(options: Partial<Pick<ClusterOptions, 'server' | 'seed' | 'drivers' | 'serverEnv'>> = {}): Promise<Product> {
  const [shellDist, pluginDist] = [required('HVB_SHELL_DIST'), required('HVB_PLUGIN_DIST')];
  const path = await mkdtemp(join(tmpdir(), 'hvb-e2e-'));
  // Movers that were killed a moment ago may still be letting go of their files.
  const removeFolder = (): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  const folder = await openDataFolder(path, { reset: false });

  try {
    const cluster = await startCluster({
      folder, clock: systemClock, log: createLogger({ clock: systemClock, level: 'error', write: (line) => void process.stderr.write(line) }),
      env: process.env, server: true, seed: { scale: 1 / 8 }, dashboard: { port: 0, shellDist, pluginDist }, ...options,
    });

    return {
      cluster,
      url: cluster.dashboardUrl ?? '',
      folder: path,
      stop: async () => {
        await cluster.stop();
        await removeFolder();
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

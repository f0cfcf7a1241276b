import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN, CONFIG_MAPS, WIDGETS, WIDGET_CRD, callUrl, configMap, openWatch, startApi, widget } from './harness.ts';
import type { KubeObject } from '../../../server/embedded/api/index.ts';

const PROGRAM = `
  import { createApiServer } from ${JSON.stringify(new URL('../../../server/embedded/api/index.ts', import.meta.url).href)};
  const api = createApiServer({ storageDir: process.argv[1], tokens: { ${JSON.stringify(ADMIN)}: { user: 'admin', groups: ['system:masters'] } } });
  console.log(await api.listen(0));
`;

describe('restart', () => {
  let folder: string;
  let child: ChildProcess | undefined;
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'api-restart-')); });
  afterEach(() => {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(): Promise<string> {
    child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (!child.stdout) throw new Error('the child has no output');
    const [url] = await once(createInterface(child.stdout), 'line') as [string];
    return url;
  }

  it('given writers, when the process is killed in the middle, then every answered write is there after a restart and versions go on', async () => {
    for (const round of [0, 1]) {
      const url = await start();
      const answered: KubeObject[] = [];
      let version = 0;
      const writer = async (id: number): Promise<void> => {
        for (let index = 0; ; index++) {
          const { body } = await callUrl<KubeObject>(url, 'POST', CONFIG_MAPS, configMap(`r${round}-w${id}-${index}`));
          answered.push(body);
          version = Math.max(version, Number(body.metadata.resourceVersion));
          if (answered.length === 60) child?.kill('SIGKILL');
        }
      };
      const killed = once(child as ChildProcess, 'exit');
      await Promise.allSettled([0, 1, 2, 3].map(writer));
      await killed;
      expect(answered.length).toBeGreaterThanOrEqual(60);

      const again = await start();
      const { body: list } = await callUrl<{ metadata: { resourceVersion: string }; items: KubeObject[] }>(again, 'GET', CONFIG_MAPS);
      const uids = new Set(list.items.map(({ metadata }) => metadata.uid));
      expect(answered.filter(({ metadata }) => !uids.has(metadata.uid))).toEqual([]);
      expect(Number(list.metadata.resourceVersion)).toBeGreaterThanOrEqual(version);
      const old = await openWatch(again, `${CONFIG_MAPS}?watch=1&resourceVersion=${answered[0]?.metadata.resourceVersion}`);
      expect((await old.next()).object.code).toBe(410);
      const exited = once(child as ChildProcess, 'exit');
      child?.kill('SIGKILL');
      await exited;
    }
  });

  it('given CRDs, owned objects and a deletion under way, when closed and opened, then all goes on', async () => {
    const first = await startApi({ storageDir: folder, crds: [WIDGET_CRD] });
    const { body: owner } = await first.call('POST', CONFIG_MAPS, configMap('owner'));
    await first.call('POST', WIDGETS, widget('held', undefined, { finalizers: ['example.io/hold'], ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid }] }));
    await first.call('DELETE', `${CONFIG_MAPS}/owner`);
    await first.close();

    const second = await startApi({ storageDir: folder });
    await second.api.settled();
    expect((await second.call('GET', `${WIDGETS}/held`)).body.metadata.deletionTimestamp).toBeDefined();
    expect((await second.call('POST', WIDGETS, widget('w', {}))).status).toBe(422);
    await second.close();
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeDisks, readRecords } from '../../../server/embedded/guest/read-records.ts';
import { Replicas } from '../../support/replicas.ts';
import type { ServerProcess } from '../../support/server-process.ts';
import { stockSnapshots } from '../../support/stock-restic.ts';
import { seededRandom } from '../../support/seeded-random.ts';

const SEED = 20_260_101;
/** Two disks and the document. */
const PARTS_PER_BACKUP = 3;

/** Two server processes, each behind a proxy of its own, on one cluster. Both start again whenever they end. */
describe('two replicas of the server', () => {
  let replicas: Replicas;
  /** Completed ones so far. */
  let backups = 0;

  beforeAll(async () => {
    replicas = await Replicas.start();
    await replicas.product.cluster.machineReady('web', 'shop');
    await replicas.product.repository();
  });
  afterAll(() => replicas.stop());

  /** What must hold whatever happened to the servers. */
  async function nothingTwiceNothingLeft(newBackups: number): Promise<void> {
    backups += newBackups;
    await replicas.product.clean();
    expect(replicas.lateWrites()).toEqual([]);
    expect(replicas.jobsTwice()).toEqual([]);
    // Digests are in the document, too; their own snapshots stay when another backup holds the repository just then.
    const stored = (await stockSnapshots(await replicas.product.repositoryFolder())).map(({ tags = [] }) => tags.filter((tag) => /^hvb\.(backup|part|volume)=/.test(tag)).sort().join()).filter((parts) => !parts.includes('hvb.part=digests'));

    expect(stored.filter((parts, index) => stored.indexOf(parts) !== index)).toEqual([]);
    expect(stored).toHaveLength(backups * PARTS_PER_BACKUP);
    expect(await replicas.product.frozen()).toBe(false);
  }

  /** Does something to the leader once, right after a write that `when` chooses, before the leader hears the answer. */
  function onceAfter(when: (write: string) => boolean, strike: (leader: ServerProcess) => Promise<void>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let struck = false;

    for (const server of replicas.servers) {
      server.afterWrite = async ({ verb, resource, subresource }) => {
        if (struck || !when(`${verb} ${resource}${subresource ? `/${subresource}` : ''}`)) return;
        struck = true;
        await strike(server).then(resolve, reject);
      };
    }
    return promise.finally(() => replicas.servers.forEach((server) => { server.afterWrite = undefined; }));
  }

  it('given two backups and a restore, when the leader is killed at random writes, then the other goes on each time, and all end with every disk stored once', async () => {
    const random = seededRandom(SEED);
    const before = replicas.takeovers;
    const kills = (): number => replicas.servers.reduce((sum, server) => sum + server.kills, 0);

    // About every sixth write; ten in all, so that it comes to an end.
    replicas.servers.forEach((server) => { server.killAt = () => kills() < 10 && random() < 1 / 6; });
    await replicas.product.backUp({ name: 'k1' });
    await replicas.product.backUp({ name: 'k2' });
    expect((await replicas.product.backupPhase('k1', 'Completed')).status?.consistency?.level).toBe('Filesystem');
    expect((await replicas.product.backupPhase('k2', 'Completed')).status?.consistency?.level).toBe('Filesystem');
    await replicas.product.restore({ name: 'k3', backup: 'k1', target: 'k3', start: 'Halted' });
    await replicas.product.restorePhase('k3', 'Completed');
    replicas.servers.forEach((server) => { server.killAt = undefined; });

    expect(kills()).toBe(10);
    // A killed server starts again at once and may get the lease itself, when the other is just being started too.
    expect(replicas.takeovers - before).toBeGreaterThan(0);
    expect(judgeDisks(await Promise.all((await replicas.product.cluster.disksOf('office', 'k3')).map(readRecords)))).toMatchObject({ whole: true });
    await nothingTwiceNothingLeft(2);
  });

  it('given a leader that cannot reach the lease but everything else, when the other takes over, then the first has stopped writing by itself', async () => {
    const struck = onceAfter((write) => write === 'create jobs', async (leader) => {
      leader.network.fault = ({ resource }) => (resource === 'leases' ? 'cut' : undefined);
      await Promise.resolve();
    });
    const first = replicas.leader as ServerProcess;

    await replicas.product.backUp({ name: 'p1' });
    await struck;
    await replicas.leads(replicas.otherThan(first));
    await replicas.product.backupPhase('p1', 'Completed');
    first.network.heal();
    await nothingTwiceNothingLeft(1);
  });

  it('given a leader that is cut off from everything, when the network is back after the other took over, then it writes nothing', async () => {
    const struck = onceAfter((write) => write === 'create volumesnapshots', async (leader) => {
      leader.network.cut();
      await Promise.resolve();
    });
    const first = replicas.leader as ServerProcess;

    await replicas.product.backUp({ name: 'c1' });
    await struck;
    await replicas.leads(replicas.otherThan(first));
    first.network.heal();
    await replicas.product.backupPhase('c1', 'Completed');
    await nothingTwiceNothingLeft(1);
  });

  it.each(['update virtualmachineinstances/freeze', 'create jobs', 'update vmbackups/status'])('given a leader that is stopped past its lease right after "%s", when it goes on, then it writes nothing, and the guest was thawed by the other', async (moment) => {
    const name = `s-${moment.replace(/\W+/g, '-')}`;
    const struck = onceAfter((write) => write === moment, async (leader) => {
      leader.pause();
      await replicas.leads(replicas.otherThan(leader));
      // It wakes with the answer to that write, in the middle of its reconcile.
      leader.resume();
    });

    await replicas.product.backUp({ name });
    await struck;
    expect((await replicas.product.backupPhase(name, 'Completed')).status?.consistency).toMatchObject({ level: 'Filesystem' });
    await nothingTwiceNothingLeft(1);
  });

  it('given a leader that dies while the guest is frozen, when the other takes over, then it thaws the guest before it freezes it again', async () => {
    let struckMs = 0;
    const struck = onceAfter((write) => write === 'update virtualmachineinstances/freeze', async (leader) => {
      struckMs = performance.now();
      await leader.killAndRestart();
    });

    await replicas.product.backUp({ name: 'f1' });
    await struck;
    expect(await replicas.product.frozen()).toBe(true);
    expect((await replicas.product.backupPhase('f1', 'Completed')).status?.consistency?.level).toBe('Filesystem');
    expect(replicas.guestCalls(struckMs).slice(0, 2)).toEqual(['unfreeze', 'freeze']);
    await nothingTwiceNothingLeft(1);
  });
});

import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JOB, POD, PVC, SECRET } from '../../../server/contract/api.ts';
import type { Job, PersistentVolumeClaim, Pod, PodSpec, Secret } from '../../../server/contract/kubernetes.ts';
import { SYSTEM_NAMESPACE } from '../../../server/contract/names.ts';
import { isOwnedBy } from '../../../server/kube/objects.ts';
import { killOrphans } from '../../../server/embedded/drivers/jobs/orphans.ts';
import { startTestCluster, waitFor, type TestCluster } from '../../support/cluster.ts';

const NAMESPACE = SYSTEM_NAMESPACE;

describe('Jobs of the simulated cluster', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startTestCluster({ machines: false, images: { shell: { command: ['/bin/sh', '-c'] } }, env: { FROM_CLUSTER: 'yes' } });
  });

  afterAll(() => cluster.stop());

  interface Options { image?: string; backoffLimit?: number; deadline?: number; grace?: number; volumes?: PodSpec['volumes']; container?: Partial<PodSpec['containers'][number]> }

  function run(name: string, script: string, { image = 'registry.example/tools/shell:1', backoffLimit = 0, deadline, grace, volumes, container }: Options = {}): Promise<Job> {
    return cluster.client.create<Job>(JOB, {
      apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: NAMESPACE },
      spec: {
        backoffLimit, ...(deadline ? { activeDeadlineSeconds: deadline } : {}),
        template: { spec: { restartPolicy: 'Never', ...(grace ? { terminationGracePeriodSeconds: grace } : {}), ...(volumes ? { volumes } : {}), containers: [{ name: 'main', image, args: [script], ...container }] } },
      },
    });
  }

  const find = (name: string): Promise<Job> => cluster.client.get(JOB, { namespace: NAMESPACE, name });
  const podsOf = async (name: string): Promise<Pod[]> => {
    const job = await find(name);

    return (await cluster.client.list<Pod>(POD, { namespace: NAMESPACE })).items.filter((pod) => isOwnedBy(pod, job));
  };
  const condition = (name: string, type: string): Promise<Job> => waitFor(`job ${name} ${type}`, async () => {
    const job = await find(name);

    return job.status?.conditions?.some((each) => each.type === type && each.status === 'True') ? job : undefined;
  }, { describe: async () => ({ job: (await find(name)).status, pods: (await podsOf(name)).map(({ status }) => status) }) });
  const terminated = async (name: string): Promise<unknown> => (await podsOf(name))[0]?.status?.containerStatuses?.[0]?.state?.terminated;
  const log = async (name: string, tailLines?: number): Promise<string> => cluster.client.podLog({ namespace: NAMESPACE, name: (await podsOf(name))[0]?.metadata.name ?? '' }, { container: 'main', ...(tailLines === undefined ? {} : { tailLines }) });
  const running = (name: string): Promise<Pod> => waitFor(`pod of ${name} running`, async () => (await podsOf(name)).find(({ status }) => status?.phase === 'Running'), { describe: () => podsOf(name) });
  const said = (name: string, text: string): Promise<true> => waitFor(`${text} in the log of ${name}`, async () => (await log(name)).includes(text));

  it('given a Job with a block volume, a folder, a Secret and scratch space, when it runs, then it finds them below its root and nothing of the host in its environment', async () => {
    await cluster.client.create<Secret>(SECRET, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'settings', namespace: NAMESPACE }, stringData: { request: 'the request', other: 'not wanted' } });
    await cluster.client.create<PersistentVolumeClaim>(PVC, {
      apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'target', namespace: NAMESPACE },
      spec: { accessModes: ['ReadWriteOnce'], volumeMode: 'Block', storageClassName: 'lvm-thin', resources: { requests: { storage: '16Mi' } } },
    });
    await run('sees', 'cd "$MOVER_ROOT"; cat etc/settings/request.json; ls etc/settings; stat -L -c %s dev/disk; printf written | dd of=dev/disk conv=notrunc 2>/dev/null; echo kept > repository/file; echo x > scratch/x; printf "%s" "the result" > dev/termination-log; echo done; env | cut -d= -f1 | sort | tr "\\n" " "', {
      volumes: [
        { name: 'disk', persistentVolumeClaim: { claimName: 'target' } }, { name: 'repository', persistentVolumeClaim: { claimName: 'backup-storage' } },
        { name: 'settings', secret: { secretName: 'settings', defaultMode: 0o400, items: [{ key: 'request', path: 'request.json' }] } }, { name: 'scratch', emptyDir: {} },
      ],
      container: {
        env: [{ name: 'OWN', value: '1' }], volumeDevices: [{ name: 'disk', devicePath: '/dev/disk' }],
        volumeMounts: [{ name: 'settings', mountPath: '/etc/settings' }, { name: 'repository', mountPath: '/repository' }, { name: 'scratch', mountPath: '/scratch' }],
      },
    });
    const job = await condition('sees', 'Complete');

    expect([job.status?.succeeded, job.status?.failed, job.status?.active]).toEqual([1, undefined, undefined]);
    expect(await terminated('sees')).toMatchObject({ exitCode: 0, reason: 'Completed', message: 'the result' });
    expect((await log('sees')).split('\n').slice(0, 3)).toEqual(['the requestrequest.json', String(16 * 1024 * 1024), 'done']);
    // The shell adds some of its own, and the builder hands RESTIC_BINARY on where it is set.
    expect((await log('sees', 1)).trim().split(' ').filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_', 'RESTIC_BINARY'].includes(name))).toEqual(['FROM_CLUSTER', 'HOME', 'MOVER_ROOT', 'OWN', 'PATH', 'TMPDIR']);
    expect((await readFile(await cluster.imageOf(NAMESPACE, 'target'))).subarray(0, 7).toString()).toBe('written');
    expect((await podsOf('sees'))[0]?.spec.nodeName).toBe('harvester-2');
  });

  it('given a Job whose process fails, when it may be tried again once, then there are two pods and the Job has failed', async () => {
    await run('fails', 'echo broken >&2; exit 3', { backoffLimit: 1 });
    const job = await condition('fails', 'Failed');

    expect(job.status?.conditions).toContainEqual(expect.objectContaining({ type: 'Failed', reason: 'BackoffLimitExceeded' }));
    expect(job.status?.failed).toBe(2);
    expect(await terminated('fails')).toMatchObject({ exitCode: 3, reason: 'Error' });
    expect(await log('fails')).toBe('broken\n');
  });

  it('given a running pod, when its process is killed as by the kernel, then the exit tells the signal', async () => {
    await run('killed', 'echo up; sleep 600');
    const pod = await running('killed');

    expect(cluster.drivers.killPod({ namespace: NAMESPACE, name: pod.metadata.name }, 'SIGKILL', 'OOMKilled')).toBe(true);
    await condition('killed', 'Failed');
    expect(await terminated('killed')).toMatchObject({ exitCode: 137, signal: 9, reason: 'OOMKilled' });
  });

  it('given a Job that ends on SIGTERM, when it is deleted, then its process is asked first and its pod goes', async () => {
    await run('polite', 'trap "echo bye > $MOVER_ROOT/repository/bye; exit 0" TERM; echo up; while true; do sleep 0.05; done', {
      volumes: [{ name: 'repository', persistentVolumeClaim: { claimName: 'backup-storage' } }], container: { volumeMounts: [{ name: 'repository', mountPath: '/repository' }] },
    });
    const pod = await running('polite');

    await said('polite', 'up');
    await cluster.client.delete(JOB, { namespace: NAMESPACE, name: 'polite' }, { propagationPolicy: 'Background' });
    await waitFor('the pod gone', async () => await cluster.client.find(POD, { namespace: NAMESPACE, name: pod.metadata.name }) === undefined);
    const folder = (await cluster.imageOf(NAMESPACE, 'backup-storage')).replace(/disk\.img$/, 'bye');

    expect(await readFile(folder, 'utf8')).toBe('bye\n');
  });

  it('given a Job that ignores SIGTERM, when it is deleted, then it is killed after its grace period', async () => {
    await run('stubborn', 'trap "" TERM; echo up; while true; do sleep 0.05; done', { grace: 1 });
    const pod = await running('stubborn');

    await said('stubborn', 'up');
    await cluster.client.delete(JOB, { namespace: NAMESPACE, name: 'stubborn' }, { propagationPolicy: 'Background' });
    await waitFor('the pod gone', async () => await cluster.client.find(POD, { namespace: NAMESPACE, name: pod.metadata.name }) === undefined);
  });

  it('given a Job with a deadline, when it takes longer, then it has failed for that', async () => {
    await run('slow', 'sleep 600', { deadline: 1, grace: 1 });
    expect((await condition('slow', 'Failed')).status?.conditions).toContainEqual(expect.objectContaining({ reason: 'DeadlineExceeded' }));
  });

  it('given an image that this cluster has not, a Secret that is missing and a claim that is missing, when Jobs need them, then their pods wait and say why', async () => {
    await run('no-image', 'true', { image: 'registry.example/unknown:1' });
    await run('no-secret', 'true', { volumes: [{ name: 's', secret: { secretName: 'absent' } }], container: { volumeMounts: [{ name: 's', mountPath: '/s' }] } });
    await run('no-claim', 'true', { volumes: [{ name: 'c', persistentVolumeClaim: { claimName: 'absent' } }], container: { volumeMounts: [{ name: 'c', mountPath: '/c' }] } });

    await expect.poll(async () => (await podsOf('no-image'))[0]?.status?.containerStatuses?.[0]?.state?.waiting?.reason, { timeout: 10_000 }).toBe('ImagePullBackOff');
    await expect.poll(async () => (await podsOf('no-secret'))[0]?.status?.containerStatuses?.[0]?.state?.waiting?.message, { timeout: 10_000 }).toMatch(/secret "absent" not found/);
    await expect.poll(async () => (await podsOf('no-claim'))[0]?.status?.conditions?.[0]?.message, { timeout: 10_000 }).toMatch(/persistentvolumeclaim "absent" not found/);

    await cluster.client.create<Secret>(SECRET, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'absent', namespace: NAMESPACE }, stringData: { a: 'b' } });
    await condition('no-secret', 'Complete');
  });

  it('given a running Job, when the power of the cluster is cut, then its process is gone and the Job has failed', async () => {
    await run('lost', 'echo $$; sleep 600');
    await running('lost');
    await expect.poll(() => log('lost')).toMatch(/^\d+\n$/);
    const pid = Number(await log('lost'));

    await cluster.restart();
    await condition('lost', 'Failed');
    expect(await terminated('lost')).toMatchObject({ exitCode: 137 });
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });

  it('given a process that a killed cluster process left behind, when the cluster starts again, then it is killed', async () => {
    await run('orphan', 'echo $$; sleep 600');
    const pod = await running('orphan');

    expect(await killOrphans(`${cluster.folder}/elsewhere`)).toBe(0);
    expect(await killOrphans(`${cluster.folder}/drivers/pods/${pod.metadata.uid}`)).toBeGreaterThan(0);
    await condition('orphan', 'Failed');
  });
});

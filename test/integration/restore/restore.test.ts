import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PVC, SECRET, VIRTUAL_MACHINE, VM_RESTORE } from '../../../server/contract/api.ts';
import type { PersistentVolumeClaim, Secret, VirtualMachine } from '../../../server/contract/kubernetes.ts';
import { LABEL_RESTORED_BY } from '../../../server/contract/names.ts';
import type { VMRestore } from '../../../server/contract/vm-restore.ts';
import { isOwnedBy } from '../../../server/kube/objects.ts';
import { Product } from '../../support/product.ts';

describe('a restore that a person approves, on the embedded cluster with the real server, mover and restic', () => {
  let product: Product;

  beforeAll(async () => {
    product = await Product.start();
    await product.cluster.machineReady('web', 'shop');
    await product.repository();
    await product.backUp({ name: 'b1' });
    await product.backupPhase('b1', 'Completed');
  });

  afterAll(() => product.stop());

  it('given a plan for LVM and NFS, when nobody has approved it, then nothing is made; when approved, then exactly the planned objects are, and the VM runs', async () => {
    const { client } = product.cluster;

    await product.restore({ name: 'r1', backup: 'b1', target: 'copy', autoApprove: false });
    const { status: planned } = await product.restorePhase('r1', 'AwaitingApproval');

    expect(planned?.plan?.checks.filter(({ verdict }) => verdict !== 'Pass').map(({ id, verdict }) => `${id} ${verdict}`)).toEqual(['node-bound Warn']);
    expect((await client.list<PersistentVolumeClaim>(PVC, { namespace: 'office', labelSelector: LABEL_RESTORED_BY })).items).toEqual([]);
    await product.clean();
    await client.patch(VM_RESTORE, { namespace: 'office', name: 'r1' }, { spec: { approvedPlan: planned?.plan?.hash } });
    const { status: done, metadata } = await product.restorePhase('r1', 'Completed');
    const made = async (type: typeof PVC): Promise<string[]> => (await client.list(type, { namespace: 'office', labelSelector: `${LABEL_RESTORED_BY}=${metadata.uid}` })).items.map((object) => `${object.kind} ${object.metadata.name}`);

    expect([...await made(PVC), ...await made(SECRET), ...await made(VIRTUAL_MACHINE)].sort()).toEqual(planned?.plan?.objects.map(({ kind, name }) => `${kind} ${name}`).sort());
    expect(done?.timings?.map(({ phase }) => phase)).toEqual(['Planning', 'AwaitingApproval', 'Queued', 'RestoringVolumes', 'CreatingVM', 'Starting', 'Completed']);
    await product.clean();
  });

  it('given the restored VM, when it is compared with its source, then it is another machine with the same Secret, whose values are told nowhere', async () => {
    const { client } = product.cluster;
    const [source, vm] = await Promise.all([client.get<VirtualMachine>(VIRTUAL_MACHINE, { namespace: 'web', name: 'shop' }), product.cluster.machineReady('office', 'copy')]);
    const identity = ({ spec: { template: { spec } } }: VirtualMachine) => [spec.domain.firmware?.uuid, spec.domain.devices.interfaces?.[0]?.macAddress, spec.hostname];

    identity(vm).forEach((value, index) => {
      expect(value).toBeTruthy();
      expect(value).not.toBe(identity(source)[index]);
    });
    expect(vm.spec.runStrategy).toBe('Always');
    const name = vm.spec.template.spec.volumes?.find(({ cloudInitNoCloud }) => cloudInitNoCloud)?.cloudInitNoCloud?.secretRef?.name ?? '';
    const [secret, original] = await Promise.all([client.get<Secret>(SECRET, { namespace: 'office', name }), client.get<Secret>(SECRET, { namespace: 'web', name: 'shop-cloud-init' })]);
    const values = Object.values(original.data ?? {});

    expect(values).not.toEqual([]);
    expect(secret.data).toEqual(original.data);
    expect(isOwnedBy(secret, vm)).toBe(true);
    const told = [JSON.stringify(await client.get<VMRestore>(VM_RESTORE, { namespace: 'office', name: 'r1' })), product.server.log];

    for (const value of values) expect(told.filter((text) => text.includes(value) || text.includes(Buffer.from(value, 'base64').toString()))).toEqual([]);
  });

  it('given a completed restore, when it is deleted, then VM and disks stay', async () => {
    await product.cluster.client.delete(VM_RESTORE, { namespace: 'office', name: 'r1' });
    expect(await product.cluster.client.find<VMRestore>(VM_RESTORE, { namespace: 'office', name: 'r1' })).toBeUndefined();
    await product.cluster.machineReady('office', 'copy');
  });
});

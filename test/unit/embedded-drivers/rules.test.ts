import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass, VirtualMachine, VirtualMachineInstance } from '../../../server/contract/kubernetes.ts';
import { copyImage } from '../../../server/embedded/drivers/copy.ts';
import { matchVolume, mismatch } from '../../../server/embedded/drivers/csi/binding.ts';
import { createTurns } from '../../../server/embedded/drivers/csi/turns.ts';
import { FAULT_ANNOTATION, Faults } from '../../../server/embedded/drivers/faults.ts';
import { parseGoDuration } from '../../../server/embedded/drivers/hypervisor/go-duration.ts';
import { completeIdentity, firmwareUUID, macAddress } from '../../../server/embedded/drivers/hypervisor/identity.ts';
import { decide, printableStatus, type Decision } from '../../../server/embedded/drivers/hypervisor/run-strategy.ts';
import { programOf } from '../../../server/embedded/drivers/jobs/images.ts';
import { DiskGates } from '../../../server/embedded/guest/disk-gate.ts';
import { MAX_EXTENTS, decodeHeader, encodeHeader } from '../../../server/embedded/guest/disk-header.ts';

const MIB = 1024 * 1024;

function claim(spec: Partial<PersistentVolumeClaim['spec']> = {}): PersistentVolumeClaim {
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'c', namespace: 'n', uid: 'c-uid' }, spec: { accessModes: ['ReadWriteOnce'], volumeMode: 'Block', storageClassName: 's', resources: { requests: { storage: '2Gi' } }, ...spec } };
}

function volume(name: string, spec: Partial<PersistentVolume['spec']> = {}): PersistentVolume {
  return { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name }, spec: { accessModes: ['ReadWriteOnce'], volumeMode: 'Block', storageClassName: 's', capacity: { storage: '2Gi' }, ...spec }, status: { phase: 'Available' } };
}

function machine(runStrategy: VirtualMachine['spec']['runStrategy'], status: object = {}): VirtualMachine {
  return { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata: { name: 'vm', namespace: 'n', uid: 'vm-uid' }, spec: { runStrategy, template: { spec: { domain: { devices: { interfaces: [{ name: 'a' }, { name: 'b', macAddress: '02:00:00:00:00:01' }] } } } } }, status };
}

function instance(phase: string): VirtualMachineInstance {
  return { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachineInstance', metadata: { name: 'vm', namespace: 'n', uid: 'i-uid' }, status: { phase } };
}

describe('binding of claims and volumes', () => {
  it.each<[string, Partial<PersistentVolume['spec']>, RegExp]>([
    ['another class', { storageClassName: 'other' }, /storageClassName/],
    ['another mode', { volumeMode: 'Filesystem' }, /volumeMode/],
    ['too little space', { capacity: { storage: '1Gi' } }, /too small/],
    ['no such access mode', { accessModes: ['ReadOnlyMany'] }, /ReadWriteOnce/],
  ])('given a volume with %s, when it is compared with the claim, then the mismatch says so', (_what, spec, text) => {
    expect(mismatch(volume('v'), claim())).toBeUndefined();
    expect(mismatch(volume('v', spec), claim())).toMatch(text);
  });

  it('given a free small volume, a free large one and one that is kept for the claim, when the claim is matched, then the kept one wins, then the small one, and none where only kept ones count', () => {
    const kept = volume('kept', { capacity: { storage: '9Gi' }, claimRef: { namespace: 'n', name: 'c' } });
    const others = [volume('large', { capacity: { storage: '5Gi' } }), volume('small'), volume('taken', { claimRef: { namespace: 'n', name: 'c', uid: 'another' } })];

    expect(matchVolume([...others, kept], claim(), true)?.metadata.name).toBe('kept');
    expect(matchVolume(others, claim(), true)?.metadata.name).toBe('small');
    expect(matchVolume(others, claim(), false)).toBeUndefined();
  });
});

describe('run strategies', () => {
  const cases: [VirtualMachine['spec']['runStrategy'], string | undefined, object, Decision][] = [
    ['Always', undefined, {}, 'start'], ['Always', 'Running', {}, 'nothing'], ['Always', 'Succeeded', {}, 'retry'],
    ['RerunOnFailure', undefined, {}, 'start'], ['RerunOnFailure', 'Succeeded', {}, 'nothing'], ['RerunOnFailure', 'Failed', {}, 'retry'],
    ['Halted', undefined, {}, 'nothing'], ['Halted', 'Running', {}, 'stop'],
    ['Manual', undefined, {}, 'nothing'], ['Manual', undefined, { stateChangeRequests: [{ action: 'Start' }] }, 'start'],
    ['Manual', 'Running', { stateChangeRequests: [{ action: 'Stop', uid: 'i-uid' }] }, 'stop'], ['Manual', 'Running', { stateChangeRequests: [{ action: 'Stop', uid: 'old' }] }, 'nothing'],
    ['WaitAsReceiver', undefined, {}, 'nothing'],
  ];

  it.each(cases)('given strategy %s and an instance that is %s with status %j, when it is decided, then: %4$s', (strategy, phase, status, decision) => {
    expect(decide(machine(strategy, status), phase === undefined ? undefined : instance(phase), true)).toBe(decision);
  });

  it('given a VM that failed a moment ago, when the wait is not over, then it is not started, and lists show CrashLoopBackOff', () => {
    const failure = { consecutiveFailCount: 1, lastFailedVMIUID: 'i-uid', retryAfterTimestamp: '2026-01-01T00:00:10Z' };

    expect(decide(machine('Always'), instance('Failed'), false)).toBe('nothing');
    expect(decide(machine('Always'), undefined, false)).toBe('nothing');
    expect(printableStatus(machine('Always'), instance('Failed'), failure)).toBe('CrashLoopBackOff');
    expect(printableStatus(machine('Halted'), undefined, failure)).toBe('Stopped');
  });
});

describe('identity of VMs', () => {
  it('given a VM without firmware UUID and with one blank interface, when it is completed, then only what is blank is filled, and a second time nothing changes', () => {
    const complete = completeIdentity(machine('Always'));
    const { domain } = complete.spec.template.spec;

    expect(domain.firmware?.uuid).toBe(firmwareUUID('vm'));
    expect(domain.devices.interfaces).toEqual([{ name: 'a', macAddress: macAddress('vm-uid a') }, { name: 'b', macAddress: '02:00:00:00:00:01' }]);
    expect(complete.metadata.annotations).toEqual({ 'harvesterhci.io/vmRunStrategy': 'Always' });
    expect(completeIdentity(complete)).toBe(complete);
  });

  it('given VM names, when their firmware UUIDs are derived, then the same name gives the same and they are of version 5', () => {
    expect(firmwareUUID('shop')).toBe(firmwareUUID('shop'));
    expect(firmwareUUID('shop')).not.toBe(firmwareUUID('wiki'));
    expect(firmwareUUID('shop')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe('small parts of the drivers', () => {
  it.each([['30s', 30_000], ['1m30s', 90_000], ['900ms', 900], ['0', 0], ['0s', 0], ['1.5h', 5_400_000], ['', undefined], ['30', undefined], ['soon', undefined]])('given the Go duration "%s", when it is read, then it is %s ms', (text, ms) => {
    expect(parseGoDuration(text)).toBe(ms);
  });

  it('given faults injected and asked for by annotation, when they are looked up, then they are on only for their objects and end when they are cleared', () => {
    const faults = new Faults();
    const slow: StorageClass = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'slow', annotations: { [FAULT_ANNOTATION]: 'pool-full, snapshot-stuck' } }, provisioner: 'p' };

    faults.inject('snapshot-fails', { kind: 'PersistentVolumeClaim', namespace: 'n', name: 'c' });
    expect([faults.isOn('snapshot-fails', claim()), faults.isOn('snapshot-fails', undefined, slow), faults.isOn('snapshot-stuck', claim(), slow), faults.isOn('provisioning-fails', slow)]).toEqual([true, false, true, false]);
    faults.clear('snapshot-fails', { kind: 'PersistentVolumeClaim', namespace: 'n', name: 'c' });
    expect(faults.isOn('snapshot-fails', claim())).toBe(false);
  });

  it('given image references, when their program is looked up, then registry and tag do not count, and inherited names are no images', () => {
    const table = { mover: { command: ['run'] } };

    expect(programOf(table, 'registry.example:5000/team/mover:1.2')?.command).toEqual(['run']);
    expect(programOf(table, 'mover@sha256:00')?.command).toEqual(['run']);
    expect(programOf(table, 'toString')).toBeUndefined();
  });

  it('given a file with data between holes, when it is copied, then the bytes are the same and the holes take no space', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hvb-copy-'));

    try {
      await writeFile(join(folder, 'from'), Buffer.alloc(MIB, 'a'));
      await truncate(join(folder, 'from'), 64 * MIB + 7);
      await copyImage(join(folder, 'from'), join(folder, 'to'));

      expect((await readFile(join(folder, 'from'))).equals(await readFile(join(folder, 'to')))).toBe(true);
      expect((await stat(join(folder, 'to'))).blocks * 512).toBeLessThan(8 * MIB);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('given tasks of one name and of another, when they take turns, then those of one name do not overlap, and one that fails lets the next run', async () => {
    const turns = createTurns();
    const order: string[] = [];
    const { promise: first, resolve: finish } = Promise.withResolvers<void>();
    const failing = turns.take('a', () => first.then(() => Promise.reject(new Error('broken'))));
    const next = turns.take('a', async () => void order.push('a2'));

    await turns.take('b', async () => void order.push('b1'));
    expect(order).toEqual(['b1']);
    finish();
    await expect(failing).rejects.toThrow('broken');
    await next;
    expect(order).toEqual(['b1', 'a2']);
  });

  it('given a gate that is held, when two more ask for it, then they get it one after the other in order', async () => {
    const gates = new DiskGates();
    const order: number[] = [];
    const release = await gates.hold('disk');
    const waiting = [1, 2].map(async (each) => {
      const free = await gates.hold('disk');

      order.push(each);
      free();
    });

    expect(gates.isHeld('disk')).toBe(true);
    expect(order).toEqual([]);
    release();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2]);
  });

  it('given a disk header, when it is written and read, then it is the same; when a bit is turned, then it is none; when the log is in too many pieces, then it is refused', () => {
    const header = { diskIndex: 3, bootable: true, filesystem: 'ext4' as const, log: [{ offset: 2 ** 40, length: 4096 }, { offset: 8192, length: 4 * MIB }] };
    const sector = encodeHeader(header);

    expect(decodeHeader(sector)).toEqual(header);
    sector.writeUInt8(sector.readUInt8(20) ^ 1, 20);
    expect(decodeHeader(sector)).toBeUndefined();
    expect(() => encodeHeader({ ...header, log: Array.from({ length: MAX_EXTENTS + 1 }, () => ({ offset: 0, length: 4096 })) })).toThrow(/pieces/);
  });
});

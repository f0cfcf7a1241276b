import { expect } from 'vitest';
import { API_VERSION, BACKUP_ENGINE, BACKUP_REPOSITORY, NAMESPACE, PVC, SECRET, STORAGE_CLASS, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE, VM_BACKUP, VM_RESTORE } from '../../../server/contract/api.ts';
import type { BackupDocument } from '../../../server/contract/backup-document.ts';
import type { KubeObject, PersistentVolumeClaim, StorageClass, VirtualMachine, VirtualMachineInstance } from '../../../server/contract/kubernetes.ts';
import { vmRestoreStatus, type RestorePhase, type VMRestore } from '../../../server/contract/vm-restore.ts';
import type { ControllerContext } from '../../../server/controllers/context.ts';
import { vmRestoreReconciler } from '../../../server/controllers/vm-restore/reconcile.ts';
import { isRestoreTerminal } from '../../../server/domain/phases.ts';
import { MoverSlots } from '../../../server/domain/slots.ts';
import type { Observation, Operation } from '../../../server/engines/engine.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { aBackup, anEngine, aRepository } from '../../support/builders.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeEngine } from '../../support/fake-engine.ts';
import { FakeKube, type FakeWrite, type WriteMoment } from '../../support/fake-kube.ts';
import { aDocument } from './fixtures.ts';

export const KEY = { namespace: 'lab', name: 'again' };
export const VM_KEY = { namespace: 'lab', name: 'shop-copy' };
/** What stands in the backed-up Secret; it must be found nowhere else. */
const CANARY = 'Y2FuYXJ5';
const DOCUMENT_ID = 'document:1';

/** What a killed server process looks like from inside. */
export class ServerKilled extends Error {}

/** The engine of the backup tests, which also makes and hands over the PVCs that it is asked to restore. */
class RestoringEngine extends FakeEngine {
  readonly #kube: FakeKube;
  /** How many volume operations were at work at once, at most. */
  most = 0;
  /** Sees every observation before the controller does. */
  distort: ((operation: Operation, observation: Observation) => Observation) | undefined;

  constructor(kube: FakeKube) {
    super();
    this.#kube = kube;
  }

  override async advance(operation: Operation): Promise<Observation> {
    const observation = await super.advance(operation);
    const { task } = operation;

    this.most = Math.max(this.most, [...this.live.keys()].filter((id) => id.includes('/restore/')).length);
    if (observation.phase === 'Succeeded' && task.type === 'restore-volume') await this.#handOver(task.target);
    return this.distort?.(operation, observation) ?? observation;
  }

  async #handOver({ namespace, claimName, labels, annotations, accessMode, volumeMode, storageClassName, sizeBytes }: Extract<Operation['task'], { type: 'restore-volume' }>['target']): Promise<void> {
    if (await this.#kube.find(PVC, { namespace, name: claimName })) return;
    const claim: PersistentVolumeClaim = {
      apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace, name: claimName, labels, annotations },
      spec: { accessModes: [accessMode], volumeMode, storageClassName, resources: { requests: { storage: String(sizeBytes) } } },
    };

    await this.#kube.create(PVC, claim);
  }
}

function storageClass(name: string, provisioner: string, rest: Partial<StorageClass> = {}): StorageClass {
  return { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name }, provisioner, ...rest };
}

/** A restore of `web/shop` to `lab/shop-copy` that wants its disks on other classes and runs without asking. */
export function aRestore(spec: Partial<VMRestore['spec']> = {}): VMRestore {
  return {
    apiVersion: API_VERSION, kind: 'VMRestore', metadata: { ...KEY },
    spec: {
      source: { backup: { namespace: 'web', name: 'nightly' } }, target: { name: 'shop-copy' }, start: 'Recorded', keepMacAddresses: false, autoApprove: true,
      volumes: [{ name: 'root', storageClassName: 'lvm-thin' }, { name: 'data', storageClassName: 'nfs' }], ...spec,
    },
  };
}

/** A cluster with a completed backup and a restore of it, and a server that can be killed at any write. */
export class World {
  readonly clock = new FakeClock();
  readonly kube = new FakeKube(this.clock);
  readonly engine = new RestoringEngine(this.kube);
  readonly events: string[] = [];
  readonly phases: RestorePhase[] = [];
  /** VMs that are to run get a running VMI. */
  hypervisor = true;
  onWrite: ((write: FakeWrite, moment: WriteMoment) => void) | undefined;
  #logged = '';
  #reconcile = this.#start();

  constructor(restore: VMRestore | undefined = aRestore(), document: BackupDocument = aDocument()) {
    const { kube } = this;

    for (const name of ['web', 'lab']) kube.seed(NAMESPACE, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    kube.seed(STORAGE_CLASS, storageClass('harvester-longhorn', 'driver.longhorn.io', { parameters: { migratable: 'true' } }));
    kube.seed(STORAGE_CLASS, storageClass('lvm-thin', 'lvm.driver.harvesterhci.io', { volumeBindingMode: 'WaitForFirstConsumer', allowedTopologies: [{ matchLabelExpressions: [{ key: 'topology.lvm.csi/node', values: ['node-1'] }] }] }));
    kube.seed(STORAGE_CLASS, storageClass('nfs', 'nfs.csi.k8s.io'));
    kube.seed(BACKUP_ENGINE, anEngine());
    kube.seed(BACKUP_REPOSITORY, aRepository());
    kube.seed(VM_BACKUP, { ...aBackup({ status: { phase: 'Completed', documentID: DOCUMENT_ID, vm: { name: 'shop', uid: 'vm-uid' } } }), metadata: { ...aBackup().metadata, uid: 'backup-uid' } });
    kube.seed({ group: 'k8s.cni.cncf.io', version: 'v1', kind: 'NetworkAttachmentDefinition', plural: 'network-attachment-definitions', namespaced: true }, { apiVersion: 'k8s.cni.cncf.io/v1', kind: 'NetworkAttachmentDefinition', metadata: { namespace: 'web', name: 'vlan1' } });
    kube.absentKinds.add('storageprofiles');
    this.engine.repository.push({ id: DOCUMENT_ID, backupUID: 'backup-uid', kind: 'document', text: JSON.stringify(document) });
    if (restore) kube.seed(VM_RESTORE, restore);
    kube.admit = (object) => this.#validate(object);
    kube.onWrite = (write, moment) => {
      this.onWrite?.(write, moment);
      if (moment === 'after' && write.kind === 'VMRestore') this.#note();
    };
  }

  get restore(): VMRestore {
    return this.kube.all<VMRestore>(VM_RESTORE)[0] as VMRestore;
  }

  get vm(): VirtualMachine | undefined {
    return this.kube.all<VirtualMachine>(VIRTUAL_MACHINE).find(({ metadata }) => metadata.namespace === 'lab');
  }

  /** Reconciles, a second of fake time apart, until the restore is at its end; a killed server is started again. */
  async run(until: (restore: VMRestore | undefined) => boolean = ended, turns = 120): Promise<void> {
    for (let turn = 0; turn < turns && !until(this.kube.all<VMRestore>(VM_RESTORE)[0]); turn++) {
      await this.turn();
    }
    expect(until(this.kube.all<VMRestore>(VM_RESTORE)[0]), `stuck at ${JSON.stringify(this.restore?.status)}`).toBe(true);
    // The look after the end lets go of the object; a server that dies in it is started once more.
    await this.turn();
    await this.turn();
    this.#expectNoSecrets();
  }

  /** One reconcile, and the second after it. */
  async turn(): Promise<void> {
    try {
      await this.#reconcile('lab/again');
    } catch (error) {
      if (!(error instanceof ServerKilled)) throw error;
      this.restart();
    }
    this.#hypervise();
    await this.clock.advance(1000);
  }

  /** A server process that knows nothing of the one before. */
  restart(): void {
    this.#reconcile = this.#start();
  }

  approve(hash = this.restore.status?.plan?.hash ?? ''): void {
    this.change((restore) => { restore.spec.approvedPlan = hash; });
  }

  /** What a person changes in the request. */
  change(change: (restore: VMRestore) => void): void {
    this.kube.update<VMRestore>(VM_RESTORE, KEY, change);
  }

  /** Everything in the target namespace that a restore may have made. */
  made(): string[] {
    return [PVC, SECRET, VIRTUAL_MACHINE].flatMap((type) => this.kube.all(type)).filter(({ metadata }) => metadata.namespace === 'lab').map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  }

  #start(): (key: string) => Promise<unknown> {
    const write = (line: string): void => { this.#logged += line; };
    const ctx: ControllerContext = {
      client: this.kube, clock: this.clock, log: createLogger({ clock: this.clock, write, level: 'debug' }), engineFor: () => this.engine,
      events: { record: (_object, type, reason, message) => Promise.resolve(void this.events.push(`${type} ${reason} ${message}`)) },
      slots: new MoverSlots(), systemNamespace: 'harvester-vm-backup-system', clusterID: 'cluster-1',
    };

    return vmRestoreReconciler(ctx);
  }

  #note(): void {
    const phase = this.kube.all<VMRestore>(VM_RESTORE)[0]?.status?.phase;

    if (phase && this.phases.at(-1) !== phase) this.phases.push(phase);
  }

  /** Nothing may be in the status that the CRD would prune. */
  #validate(object: KubeObject): void {
    const { status } = object as VMRestore;

    if (object.kind === 'VMRestore' && status) expect(vmRestoreStatus.parse(status)).toEqual(JSON.parse(JSON.stringify(status)));
  }

  #hypervise(): void {
    const vm = this.vm;

    if (!this.hypervisor || !vm || ['Halted', 'Manual'].includes(vm.spec.runStrategy ?? 'Halted') || this.kube.all(VIRTUAL_MACHINE_INSTANCE).length > 0) return;
    const instance: VirtualMachineInstance = { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachineInstance', metadata: { ...VM_KEY }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };

    this.kube.seed(VIRTUAL_MACHINE_INSTANCE, instance);
  }

  #expectNoSecrets(): void {
    expect([JSON.stringify(this.kube.all(VM_RESTORE)), this.#logged, ...this.events].filter((text) => text.includes(CANARY))).toEqual([]);
  }
}

/** The restore is gone, or will not change any more. */
export function ended(restore: VMRestore | undefined): boolean {
  return restore === undefined || isRestoreTerminal(restore.status?.phase ?? 'Pending');
}

/** The restore is in that phase. */
export const in_ = (phase: RestorePhase) => (restore: VMRestore | undefined): boolean => restore?.status?.phase === phase;

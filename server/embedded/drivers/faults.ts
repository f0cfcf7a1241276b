import type { KubeObject } from '../../contract/kubernetes.ts';

/** Annotation on a StorageClass, PersistentVolumeClaim or VirtualMachine: faults that the drivers play for it, separated by commas. */
export const FAULT_ANNOTATION = 'embedded.harvesterhci.io/fault';

/** Faults that can be played. A fault lasts until it is taken back; what it held up goes on then. */
export const FAULTS = [
  /** No answer to a request for a volume. */
  'provisioning-stuck',
  'provisioning-fails',
  /** The driver says that it has no space. */
  'pool-full',
  /** No answer to a request for a snapshot: no `creationTime`. */
  'snapshot-stuck',
  'snapshot-fails',
  /** The cut is made, but the snapshot never becomes ready. */
  'snapshot-never-ready',
  /** The guest agent answers a freeze with an error. */
  'freeze-fails',
] as const;
export type Fault = (typeof FAULTS)[number];

/** What a fault is played for; namespace is absent for cluster-scoped kinds. */
export interface FaultTarget { kind: string; namespace?: string; name: string }

function idOf({ kind, namespace, name }: FaultTarget): string {
  return `${kind}/${namespace ?? ''}/${name}`;
}

/** The faults that are on: those that code injected, and those that annotations ask for. */
export class Faults {
  readonly #injected = new Map<string, Set<Fault>>();

  /** Begins a fault. */
  inject(fault: Fault, target: FaultTarget): void {
    const id = idOf(target);

    this.#injected.set(id, (this.#injected.get(id) ?? new Set()).add(fault));
  }

  /** Ends a fault; without arguments ends all that were injected. */
  clear(fault?: Fault, target?: FaultTarget): void {
    if (fault && target) {
      this.#injected.get(idOf(target))?.delete(fault);
    } else {
      this.#injected.clear();
    }
  }

  /** True when the fault is on for one of the objects. */
  isOn(fault: Fault, ...objects: readonly (KubeObject | undefined)[]): boolean {
    return objects.some((object) => object !== undefined && (
      this.#injected.get(idOf({ kind: object.kind, namespace: object.metadata.namespace, name: object.metadata.name }))?.has(fault)
      || (object.metadata.annotations?.[FAULT_ANNOTATION] ?? '').split(',').some((word) => word.trim() === fault)
    ));
  }
}

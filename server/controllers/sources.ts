import type { KubeObject } from '../contract/kubernetes.ts';
import type { Source } from '../kube/controller.ts';
import type { Informer } from '../kube/informer.ts';
import { keyOf } from '../kube/keys.ts';

/**
 * Objects that were added, deleted, or changed in what people ask for: spec, deletion, annotations. A controller's own status
 * writes do not wake it, else every progress figure would call for another look at once.
 */
export function requests<T extends KubeObject>(informer: Informer<T>): Source {
  const asks = ({ metadata }: T): string => JSON.stringify([metadata.uid, metadata.generation, metadata.deletionTimestamp, metadata.annotations, metadata.finalizers]);

  return {
    synced: () => informer.synced(),
    subscribe: (enqueue) => informer.subscribe({
      added: (object) => enqueue(keyOf(object)),
      updated(object, old) {
        if (asks(object) !== asks(old)) enqueue(keyOf(object));
      },
      deleted: (object) => enqueue(keyOf(object)),
    }),
  };
}

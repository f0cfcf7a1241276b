import type { KubeObject } from '../contract/kubernetes.ts';
import type { Source } from '../kube/controller.ts';
import type { Informer } from '../kube/informer.ts';
import { keyOf } from '../kube/keys.ts';

/**
 * Objects that were added, deleted, or changed in what people ask for: spec, deletion, annotations. A controller's own status
 * writes do not wake it, else every progress figure would call for another look at once.
 * @param settled has come to its end and asks for nothing: not worth a look, neither at the start, when there may be ten
 *   thousand of them, nor when a label of it changes. Must be false whenever a reconcile would do anything.
 */
export function requests<T extends KubeObject>(informer: Informer<T>, settled: (object: T) => boolean = () => false): Source {
  const asks = ({ metadata }: T): string => JSON.stringify([metadata.uid, metadata.generation, metadata.deletionTimestamp, metadata.annotations, metadata.finalizers]);

  return {
    synced: () => informer.synced(),
    subscribe: (enqueue) => informer.subscribe({
      added(object) {
        if (!settled(object)) enqueue(keyOf(object));
      },
      updated(object, old) {
        // Unsettled without being asked: the leader before us wrote that, and its last words came late.
        if (!settled(object) && (settled(old) || asks(object) !== asks(old))) enqueue(keyOf(object));
      },
      deleted: (object) => enqueue(keyOf(object)),
    }),
  };
}

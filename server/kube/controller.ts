import type { Clock } from '../contract/clock.ts';
import type { KubeObject } from '../contract/kubernetes.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ControllerMetrics } from '../telemetry/metrics.ts';
import { isApiError } from './client.ts';
import type { Informer } from './informer.ts';
import { createWorkQueue } from './work-queue.ts';

const CONFLICT_REQUEUE_MS = 50;

/** `requeueAfterMs`: look at the key again then, whether or not anything changed. */
export type ReconcileResult = { requeueAfterMs?: number } | void;

/** Changes that call for work, and the keys that they call for. Made by {@link source}. */
export interface Source {
  synced(): Promise<void>;
  subscribe(enqueue: (key: string) => void): () => void;
}

/** What {@link createController} needs. */
export interface ControllerOptions {
  name: string;
  /** How many keys at a time. Default 1. */
  concurrency?: number;
  /**
   * Brings the world one step towards what the key's object asks for. Level-triggered: it sees only the key, reads what is
   * there, and may be called again at any time. `signal` is aborted when the controller stops.
   */
  reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult>;
  sources: readonly Source[];
  log: Logger;
  clock: Clock;
  random?: () => number;
  metrics?: ControllerMetrics | undefined;
}

/** A running loop over one kind of work. */
export interface Controller {
  /** Works until the signal is aborted and the reconciles that run then are done. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Asks for a reconcile from outside the sources. */
  enqueue(key: string): void;
}

/** Every change of an informer's objects, mapped to keys. After an update the old object's keys are asked for as well. */
export function source<T extends KubeObject>(informer: Informer<T>, keys: (object: T) => readonly string[]): Source {
  return {
    synced: () => informer.synced(),
    subscribe(enqueue) {
      const each = (object: T): void => keys(object).forEach(enqueue);

      return informer.subscribe({
        added: each,
        updated(object, old) {
          each(old);
          each(object);
        },
        deleted: each,
      });
    },
  };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    } else {
      signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}

/** A controller. A conflict (409) is looked at again at once, any other error with backoff; nothing ends the process. */
export function createController(options: ControllerOptions): Controller {
  const { name, sources, clock, concurrency = 1, metrics } = options;
  const log = options.log.child({ controller: name });
  const queue = createWorkQueue({ clock, random: options.random });

  metrics?.watchQueue(() => queue.length);

  async function work(key: string, signal: AbortSignal): Promise<void> {
    const startedMs = clock.monotonicMs();
    const tell = (outcome: 'success' | 'conflict' | 'error'): void => metrics?.reconciled(outcome, clock.monotonicMs() - startedMs);

    try {
      const result = await options.reconcile(key, signal);

      tell('success');
      queue.forget(key);
      if (result?.requeueAfterMs !== undefined) {
        queue.addAfter(key, result.requeueAfterMs);
      }
    } catch (error) {
      if (isApiError(error, 'Conflict')) {
        // Somebody else wrote first; the informer has the new version in a moment.
        tell('conflict');
        log.debug('conflict, looking again', { key, error });
        queue.addAfter(key, CONFLICT_REQUEUE_MS);
      } else if (!signal.aborted) {
        tell('error');
        log.error('reconcile failed, trying again', { key, error });
        queue.addWithBackoff(key);
      }
    } finally {
      queue.done(key);
    }
  }

  async function worker(signal: AbortSignal): Promise<void> {
    for (let key = await queue.next(); key !== undefined; key = await queue.next()) {
      await work(key, signal);
    }
  }

  return {
    enqueue: (key) => queue.add(key),
    async run(signal) {
      const unsubscribe = sources.map((each) => each.subscribe((key) => queue.add(key)));
      const stopped = untilAborted(signal).then(() => queue.stop());

      // Reconciling on half a cache would take missing objects for deleted ones.
      await Promise.race([Promise.all(sources.map((each) => each.synced())), stopped]);
      if (!signal.aborted) {
        log.info('started');
        await Promise.all(Array.from({ length: concurrency }, () => worker(signal)));
      }
      unsubscribe.forEach((end) => end());
      log.info('stopped');
    },
  };
}

import type { Clock } from '../contract/clock.ts';
import { EVENT } from '../contract/api.ts';
import type { KubeEvent, KubeObject } from '../contract/kubernetes.ts';
import type { Logger } from '../telemetry/log.ts';
import { isApiError, type KubeClient } from './client.ts';
import { hashedName } from './objects.ts';

const MAX_MESSAGE = 1024;
const MAX_REMEMBERED = 1000;

/** Writes Kubernetes Events, which people see at an object. They are told and forgotten: no decision rests on them. */
export interface EventRecorder {
  /** Never rejects. `reason` is one CamelCase word; `message` must hold no secret. */
  record(object: KubeObject, type: KubeEvent['type'], reason: string, message: string): Promise<void>;
}

/**
 * A recorder that aggregates: the same object and reason again raises the count of one Event instead of making another.
 * @param component shown as the event's source
 */
export function createEventRecorder({ client, component, clock, log }: { client: KubeClient; component: string; clock: Clock; log: Logger }): EventRecorder {
  const seen = new Map<string, { name: string; namespace: string; count: number; message: string }>();
  /** One write per object and reason at a time, in order. */
  const pending = new Map<string, Promise<void>>();

  function remember(id: string, entry: { name: string; namespace: string; count: number; message: string }): void {
    seen.delete(id);
    seen.set(id, entry);
    const [oldest] = seen.keys();

    if (seen.size > MAX_REMEMBERED && oldest !== undefined) {
      seen.delete(oldest);
    }
  }

  async function repeat(id: string, message: string): Promise<boolean> {
    const known = seen.get(id);

    if (!known) {
      return false;
    }
    const count = known.count + 1;

    try {
      await client.patch(EVENT, known, { count, message, lastTimestamp: clock.now().toISOString() });
      remember(id, { ...known, count, message });

      return true;
    } catch (error) {
      if (isApiError(error, 'NotFound')) {
        // Events expire after an hour: begin a new one.
        return false;
      }
      throw error;
    }
  }

  async function write(id: string, object: KubeObject, type: KubeEvent['type'], reason: string, message: string): Promise<void> {
    if (await repeat(id, message)) {
      return;
    }
    const at = clock.now().toISOString();
    // Kubernetes wants events of cluster-scoped objects in `default`.
    const namespace = object.metadata.namespace ?? 'default';
    const name = hashedName(object.metadata.name, reason, object.metadata.uid ?? '', at);
    const { apiVersion, kind } = object;
    const event: KubeEvent = {
      apiVersion: 'v1', kind: 'Event', metadata: { name, namespace }, type, reason, message, count: 1, firstTimestamp: at, lastTimestamp: at, source: { component },
      involvedObject: { apiVersion, kind, namespace: object.metadata.namespace, name: object.metadata.name, uid: object.metadata.uid },
    };

    await client.create(EVENT, event);
    remember(id, { name, namespace, count: 1, message });
  }

  return {
    record(object, type, reason, fullMessage) {
      const id = `${object.kind}/${object.metadata.uid ?? object.metadata.name}/${reason}/${type}`;
      const message = fullMessage.slice(0, MAX_MESSAGE);
      const after = (pending.get(id) ?? Promise.resolve()).then(() => write(id, object, type, reason, message)).catch((error: unknown) => {
        log.warn('an event could not be written', { object: object.metadata.name, reason, error });
      }).finally(() => {
        if (pending.get(id) === after) {
          pending.delete(id);
        }
      });

      pending.set(id, after);

      return after;
    },
  };
}

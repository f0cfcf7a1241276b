import type { Clock } from '../contract/clock.ts';
import { backoffMs, type BackoffOptions } from './backoff.ts';

const DEFAULT_BACKOFF: BackoffOptions = { baseMs: 250, maxMs: 60_000 };

/** Keys that need work. A key is never with two workers at a time, and one that is added many times is worked on once. */
export interface WorkQueue {
  /** Ready now; while a worker has the key, once more after it is done. */
  add(key: string): void;
  /** Ready after `ms`. Of several pending times of one key the earliest counts. */
  addAfter(key: string, ms: number): void;
  /** Ready after a time that grows with every call since the last {@link forget}. */
  addWithBackoff(key: string): void;
  /** Ends the growth of the key's backoff. */
  forget(key: string): void;
  /** Waits for a key; undefined when the queue was stopped. */
  next(): Promise<string | undefined>;
  /** A worker gives the key back. */
  done(key: string): void;
  /** No further keys are given out; waiting workers get undefined, delayed keys are dropped. */
  stop(): void;
  /** Keys that are ready and wait for a worker. */
  readonly length: number;
}

/** A work queue in memory. It may be lost at any time: keys come back from the informers. */
export function createWorkQueue({ clock, random = Math.random, backoff = DEFAULT_BACKOFF }: { clock: Clock; random?: () => number; backoff?: BackoffOptions }): WorkQueue {
  const ready = new Set<string>();
  const working = new Set<string>();
  const dirty = new Set<string>();
  const delayed = new Map<string, { dueMs: number; cancel: AbortController }>();
  const failures = new Map<string, number>();
  const waiting: ((key: string | undefined) => void)[] = [];
  let stopped = false;

  function take(key: string): string {
    ready.delete(key);
    working.add(key);

    return key;
  }

  function add(key: string): void {
    if (stopped) {
      return;
    }
    if (working.has(key)) {
      dirty.add(key);

      return;
    }
    ready.add(key);
    waiting.shift()?.(take(key));
  }

  function addAfter(key: string, ms: number): void {
    const dueMs = clock.monotonicMs() + ms;
    const pending = delayed.get(key);

    if (stopped || (pending && pending.dueMs <= dueMs)) {
      return;
    }
    pending?.cancel.abort();
    const entry = { dueMs, cancel: new AbortController() };

    delayed.set(key, entry);
    clock.sleep(ms, entry.cancel.signal).then(() => {
      delayed.delete(key);
      add(key);
    }, () => undefined);
  }

  return {
    add,
    addAfter,
    addWithBackoff(key) {
      const attempt = failures.get(key) ?? 0;

      failures.set(key, attempt + 1);
      addAfter(key, backoffMs(attempt, backoff, random));
    },
    forget: (key) => void failures.delete(key),
    next() {
      const [key] = ready;

      if (stopped || key !== undefined) {
        return Promise.resolve(stopped || key === undefined ? undefined : take(key));
      }

      return new Promise((resolve) => {
        waiting.push(resolve);
      });
    },
    done(key) {
      working.delete(key);
      if (dirty.delete(key)) {
        add(key);
      }
    },
    stop() {
      stopped = true;
      for (const { cancel } of delayed.values()) {
        cancel.abort();
      }
      delayed.clear();
      ready.clear();
      dirty.clear();
      for (const resolve of waiting.splice(0)) {
        resolve(undefined);
      }
    },
    get length() {
      return ready.size;
    },
  };
}

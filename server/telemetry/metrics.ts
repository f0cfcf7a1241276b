/** How one controller's loop is measured. */
export interface ControllerMetrics {
  /** A reconcile ended; `conflict`: somebody else wrote first, which is looked at again at once. */
  reconciled(outcome: 'success' | 'conflict' | 'error', durationMs: number): void;
  /** Where the number of keys that wait for a worker is read when it is asked for. */
  watchQueue(length: () => number): void;
}

/** How one informer is measured. */
export interface InformerMetrics {
  /** All objects were listed, at the start or because the watch could not be continued. */
  listed(): void;
  /** The watch or the list failed; it is tried again. */
  failed(): void;
}

/** What the server counts. Handed to those who count, so that a test or another program has none or its own. */
export interface ServerMetrics {
  controller(name: string): ControllerMetrics;
  /** @param plural of the informer's kind */
  informer(plural: string): InformerMetrics;
  leading(now: boolean): void;
  /** An HTTP request was answered; `route` is the template, never the path, so that nobody can make new series. */
  answered(request: { route: string; method: string; status: number }, durationMs: number): void;
}

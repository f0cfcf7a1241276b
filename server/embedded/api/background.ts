/** Work that the control plane does by itself after a change: a queue that runs soon, one task at a time, and knows when it is done. */
import type { ApiLog } from './types.ts';

/** Tasks by id; an id that waits already is not added twice. Nothing runs, and no timer exists, while the queue is empty. */
export class Background {
  readonly #tasks = new Map<string, () => void>();
  readonly #log: ApiLog;
  #scheduled = false;
  #closed = false;
  #waiting: Array<() => void> = [];

  constructor(log: ApiLog) {
    this.#log = log;
  }

  /** Runs `task` soon, unless one with that id waits already. */
  enqueue(id: string, task: () => void): void {
    if (this.#closed || this.#tasks.has(id)) return;
    this.#tasks.set(id, task);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    this.#scheduled = false;
    for (const [id, task] of this.#tasks) {
      this.#tasks.delete(id);
      try {
        task();
      } catch (error) {
        this.#log('error', `background task ${id} failed`, { error: (error as Error).message });
      }
    }
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves when no task waits. */
  settled(): Promise<void> {
    if (this.#tasks.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Drops what waits; later tasks are ignored. */
  close(): void {
    this.#closed = true;
    this.#tasks.clear();
  }
}

/**
 * Locks by name, one holder at a time. The guest takes a disk's gate for each write, a CSI driver for the time of a copy:
 * so a copy that takes a while is still the disk of one instant.
 */
export class DiskGates {
  readonly #tails = new Map<string, Promise<void>>();

  /** True while somebody holds the gate or waits for it. */
  isHeld(name: string): boolean {
    return this.#tails.has(name);
  }

  /** Waits for the gate; resolves with the function that gives it back. */
  async hold(name: string): Promise<() => void> {
    const before = this.#tails.get(name);
    const { promise, resolve } = Promise.withResolvers<void>();
    const tail = (before ?? Promise.resolve()).then(() => promise);

    this.#tails.set(name, tail);
    void tail.then(() => {
      if (this.#tails.get(name) === tail) {
        this.#tails.delete(name);
      }
    });
    await before;

    return resolve;
  }
}

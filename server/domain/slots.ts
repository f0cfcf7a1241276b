/**
 * Who may run a mover on which repository. Kept in memory only: after a restart every operation that is found running
 * asks again, and `take` of one that already runs is never refused. So a limit may be passed for the length of one
 * operation after a restart, but never in a running server.
 */
export class MoverSlots {
  readonly #held = new Map<string, Set<string>>();
  readonly #exclusive = new Map<string, string>();

  /**
   * Takes a slot for an operation; taking it again is success.
   * @param limit how many operations may run on the repository at once
   * @param running the operation is already at work (found after a restart), so it must not be refused
   * @returns false when it has to wait
   */
  take(repository: string, operationID: string, limit: number, running = false): boolean {
    const held = this.#held.get(repository) ?? new Set<string>();

    if (!held.has(operationID) && !running && (this.#exclusive.has(repository) || held.size >= limit)) return false;
    this.#held.set(repository, held.add(operationID));
    return true;
  }

  /** Takes the whole repository, for work that no other may run beside (pruning). False while others are at work. */
  takeExclusive(repository: string, operationID: string): boolean {
    const owner = this.#exclusive.get(repository);

    if (owner === operationID) return true;
    if (owner !== undefined || (this.#held.get(repository)?.size ?? 0) > 0) return false;
    this.#exclusive.set(repository, operationID);
    return true;
  }

  /** Gives back what the operation holds, in whatever way; nothing held is fine. */
  giveBack(repository: string, operationID: string): void {
    this.#held.get(repository)?.delete(operationID);
    if (this.#exclusive.get(repository) === operationID) this.#exclusive.delete(repository);
  }

  /** Free slots right now. */
  free(repository: string, limit: number): number {
    return this.#exclusive.has(repository) ? 0 : Math.max(0, limit - (this.#held.get(repository)?.size ?? 0));
  }
}

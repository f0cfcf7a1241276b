/** Lets tasks of the same name run one after the other; different names do not wait for each other. */
export function createTurns(): { take<T>(name: string, task: () => Promise<T>): Promise<T> } {
  const last = new Map<string, Promise<unknown>>();

  return {
    take(name, task) {
      const turn = (last.get(name) ?? Promise.resolve()).then(task);

      last.set(name, turn.catch(() => undefined));

      return turn;
    },
  };
}

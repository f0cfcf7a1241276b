/** Runs works of the same key one after the other, of different keys side by side. Nothing is kept for a key without work. */
export function perKey(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const tails = new Map<string, Promise<unknown>>();

  return async (key, work) => {
    const before = tails.get(key) ?? Promise.resolve();
    const run = before.then(work, work);
    const tail = run.catch(() => undefined).finally(() => {
      if (tails.get(key) === tail) tails.delete(key);
    });

    tails.set(key, tail);
    return run;
  };
}

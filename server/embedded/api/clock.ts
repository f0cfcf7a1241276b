/** The real clock. */
import type { ApiClock } from './types.ts';

/** Time of the machine; timers do not keep the process alive. */
export const systemClock: ApiClock = {
  now: () => Date.now(),
  schedule(callback, milliseconds) {
    const timer = setTimeout(callback, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/**
 * The instant to write as a request that has to be later than these instants of the server. The clock of who asks may be
 * behind the server's; a request from the past would be taken for an answered one.
 */
export function requestInstant(now: Date, ...seen: readonly (string | undefined)[]): string {
  return new Date(Math.max(now.getTime(), ...seen.map((instant) => (instant === undefined ? 0 : Date.parse(instant) + 1)))).toISOString();
}

const HOURS = 24;
const MINUTES = 60;

/**
 * Writes steps and wildcards of minute and hour out as lists (a minute of “every 30” in hour 2 becomes `0,30 2`), so that every time of the day
 * that is meant is named: only a named time can be made up for when the clock skips it, and told apart when it comes twice.
 * A schedule of every hour names no times and stays as it is. What is no valid field stays as it is, too, and is refused later.
 */
export function fixTimes([minute = '', hour = '', ...days]: readonly string[]): string[] {
  const hours = valuesOf(hour, HOURS);
  const minutes = valuesOf(minute, MINUTES);

  if (!hours || !minutes) return [minute, hour, ...days];
  return hours.length === HOURS ? [minute, '*', ...days] : [minutes.join(','), hours.join(','), ...days];
}

/** Every value that a field means, in order; undefined for a field that is not valid. */
function valuesOf(field: string, limit: number): number[] | undefined {
  const values = new Set<number>();

  for (const item of field.split(',')) {
    const [, range = '', step] = /^(\*|\d+(?:-\d+)?)(?:\/(\d+))?$/.exec(item) ?? [];
    const [first = 0, last = first] = range === '*' ? [0, limit - 1] : range.split('-').map(Number);
    const by = Number(step ?? 1);

    // A step on a single number means different things in different crons.
    if (range === '' || by < 1 || last < first || last >= limit || (step !== undefined && /^\d+$/.test(range))) return undefined;
    for (let value = first; value <= last; value += by) values.add(value);
  }
  return [...values].toSorted((a, b) => a - b);
}

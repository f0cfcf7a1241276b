import { previewSchedule } from '../../domain/schedule/preview.ts';
import type { CliIo } from '../context.ts';
import { formatItems, type Format } from '../output/print.ts';

/** Options of `hvb schedule preview`. */
export interface PreviewOptions { timeZone: string; count: number; from?: Date; output: Format }

/** Shows when a schedule runs next, in its zone and in UTC. Asks no cluster. */
export function previewRuns({ clock, out }: CliIo, cron: string, { timeZone, count, from, output }: PreviewOptions): void {
  const runs = previewSchedule({ cron, timeZone, count, from: from ?? clock.now() });
  const local = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', timeZoneName: 'longOffset' });
  const rows = runs.map((run) => ({ at: run.toISOString().replace('.000Z', 'Z'), local: localText(local, run) }));

  out(formatItems(output, [{ heading: 'RUN (UTC)', value: ({ at }) => at }, { heading: timeZone, value: (row) => row.local }], rows));
}

function localText(format: Intl.DateTimeFormat, run: Date): string {
  const part = Object.fromEntries(format.formatToParts(run).map(({ type, value }) => [type, value]));

  return `${part.weekday} ${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute} ${part.timeZoneName}`;
}

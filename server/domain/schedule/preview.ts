import { Cron } from 'croner';
import { fixTimes } from './fix-times.ts';

/** A schedule that cannot be read or never runs; the message says what is wrong and what may stand there. */
export class ScheduleError extends Error {
  override readonly name = 'ScheduleError';
}

/** What a preview is about. */
export interface PreviewRequest {
  /** Five fields (minute, hour, day of month, month, day of week), or a name such as `@daily`. */
  cron: string;
  /** IANA name, such as `Europe/Berlin`. */
  timeZone: string;
  /** How many runs; fewer come back when the schedule has no more. */
  count: number;
  /** The runs after this instant. */
  from: Date;
}

const NAMED: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *', '@daily': '0 0 * * *', '@midnight': '0 0 * * *', '@weekly': '0 0 * * 0', '@monthly': '0 0 1 * *', '@yearly': '0 0 1 1 *', '@annually': '0 0 1 1 *',
};
/** Of what cron libraries know beside the standard, nothing: a schedule must mean the same everywhere. */
const STANDARD_FIELD = /^(?:[0-9*,/-]|sun|mon|tue|wed|thu|fri|sat|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)+$/i;

/**
 * The next runs of a schedule. Where the clock is set, a time that does not exist runs once, right after the gap, and one
 * that comes twice runs the first time only. A schedule of every hour runs every hour that passes.
 * @throws ScheduleError
 */
export function previewSchedule({ cron, timeZone, count, from }: PreviewRequest): Date[] {
  requireTimeZone(timeZone);
  const fields = fieldsOf(cron);
  let runs: Date[];

  try {
    // "no-wildcard": lists of times, which is what `fixTimes` makes of them all, are kept to the wall clock.
    runs = new Cron(fixTimes(fields).join(' '), { paused: true, timezone: timeZone, mode: '5-part', fixedTimeRule: 'no-wildcard' }).nextRuns(count, from);
  } catch (error) {
    throw new ScheduleError(`The schedule "${cron}" cannot be read: ${reasonOf(error)}. ${HELP}`, { cause: error });
  }
  if (runs.length === 0) throw new ScheduleError(`The schedule "${cron}" never runs: there is no such day. Correct its day of month or month.`);
  return runs;
}

const HELP = 'It needs five fields, "minute hour day-of-month month day-of-week", such as "30 2 * * *" for every day at 02:30.';

function fieldsOf(cron: string): string[] {
  const text = cron.trim();
  const fields = (NAMED[text.toLowerCase()] ?? text).split(/\s+/);

  if (fields.length !== 5) throw new ScheduleError(`The schedule "${cron}" has ${text === '' ? 0 : fields.length} fields. ${HELP}`);
  const odd = fields.find((field) => !STANDARD_FIELD.test(field));

  if (odd !== undefined) throw new ScheduleError(`The schedule "${cron}" cannot be read: "${odd}" is not a list, range or step. ${HELP}`);
  return fields;
}

function requireTimeZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    throw new ScheduleError(`The time zone "${timeZone}" is not known. Name one of the IANA database, such as "Europe/Berlin" or "UTC".`);
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/^CronPattern: /, '').replace(/\.$/, '');
}

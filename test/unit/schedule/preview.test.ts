import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { previewSchedule, ScheduleError } from '../../../server/domain/schedule/preview.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Runs as short ISO instants. */
function runs(cron: string, timeZone: string, from: string, count: number): string[] {
  return previewSchedule({ cron, timeZone, count, from: new Date(from) }).map((run) => run.toISOString().replace(':00.000Z', 'Z'));
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** The wall clock of a zone as minutes since its epoch: comparable, and equal for equal wall times. */
function wall(at: number, timeZone: string): number {
  const formatter = formatters.get(timeZone) ?? new Intl.DateTimeFormat('en-u-hc-h23', { timeZone, year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' });
  const { year = 0, month = 1, day = 0, hour = 0, minute = 0 } = Object.fromEntries(formatter.formatToParts(at).map(({ type, value }) => [type, Number(value)]));

  formatters.set(timeZone, formatter);
  return Date.UTC(year, month - 1, day, hour, minute) / MINUTE;
}

describe('the preview of a schedule', () => {
  it('given a daily schedule, when previewed, then it comes at its wall-clock time in the zone', () => {
    expect(runs('30 2 * * *', 'Europe/Berlin', '2026-01-10T00:00:00Z', 2)).toEqual(['2026-01-10T01:30Z', '2026-01-11T01:30Z']);
    expect(runs('@weekly', 'UTC', '2026-01-10T00:00:00Z', 2)).toEqual(['2026-01-11T00:00Z', '2026-01-18T00:00Z']);
    expect(runs('0 6 * * MON-FRI', 'UTC', '2026-01-09T12:00:00Z', 2)).toEqual(['2026-01-12T06:00Z', '2026-01-13T06:00Z']);
  });

  it('given an instant at which it runs, when previewed from there, then the next run is a later one', () => {
    expect(runs('0 * * * *', 'UTC', '2026-01-10T05:00:00Z', 1)).toEqual(['2026-01-10T06:00Z']);
  });

  it.each([
    ['30 2 * * *', ['2026-03-28T01:30Z', '2026-03-29T01:00Z', '2026-03-30T00:30Z']],
    // Both times are skipped: one run makes up for them.
    ['15,45 2 * * *', ['2026-03-28T01:15Z', '2026-03-28T01:45Z', '2026-03-29T01:00Z']],
    ['*/30 2 * * *', ['2026-03-28T01:00Z', '2026-03-28T01:30Z', '2026-03-29T01:00Z']],
    // 03:00 is a run of its own right there.
    ['0 2,3 * * *', ['2026-03-28T01:00Z', '2026-03-28T02:00Z', '2026-03-29T01:00Z']],
  ])('given %s and a night in which 02:00 to 03:00 does not exist, when previewed, then the skipped run comes once, right after', (cron, expected) => {
    expect(runs(cron, 'Europe/Berlin', '2026-03-28T00:00:00Z', 3)).toEqual(expected);
  });

  it('given every second hour, when one of them is skipped, then that run comes right after, so that no four hours pass without one', () => {
    expect(runs('30 */2 * * *', 'Europe/Berlin', '2026-03-28T23:00:00Z', 3)).toEqual(['2026-03-28T23:30Z', '2026-03-29T01:00Z', '2026-03-29T02:30Z']);
  });

  it.each([
    ['30 2 * * *', ['2026-10-25T00:30Z', '2026-10-26T01:30Z']],
    ['*/30 2 * * *', ['2026-10-25T00:00Z', '2026-10-25T00:30Z', '2026-10-26T01:00Z']],
    ['0 1-3 * * *', ['2026-10-24T23:00Z', '2026-10-25T00:00Z', '2026-10-25T02:00Z', '2026-10-26T00:00Z']],
  ])('given %s and a night in which 02:00 to 03:00 comes twice, when previewed, then it runs the first time only', (cron, expected) => {
    expect(runs(cron, 'Europe/Berlin', '2026-10-24T12:00:00Z', expected.length)).toEqual(expected);
  });

  it.each(['30 * * * *', '30 0-23 * * *', '30 */1 * * *'])('given %s, when the clock is set forward or back, then it runs every hour that passes', (cron) => {
    for (const from of ['2026-03-28T20:00:00Z', '2026-10-24T20:00:00Z']) {
      const found = previewSchedule({ cron, timeZone: 'Europe/Berlin', count: 12, from: new Date(from) });

      expect(found.slice(1).map((run, index) => run.getTime() - (found[index]?.getTime() ?? 0))).toEqual(Array(11).fill(HOUR));
    }
  });

  it('given any daily time and any zone around a change of its clock, when previewed, then each day has the run that the wall clock says, once', () => {
    const changes = fc.constantFrom(
      ['Europe/Berlin', '2026-03-29'], ['Europe/Berlin', '2026-10-25'], ['America/New_York', '2026-03-08'], ['America/New_York', '2026-11-01'],
      // Half an hour; and a change at midnight.
      ['Australia/Lord_Howe', '2026-04-05'], ['Australia/Lord_Howe', '2026-10-04'], ['America/Havana', '2026-03-08'], ['America/Havana', '2026-11-01'], ['Asia/Kolkata', '2026-06-01'],
    );

    fc.assert(fc.property(changes, fc.nat(23), fc.nat(59), ([timeZone = '', date = ''], hour, minute) => {
      const wanted = Date.parse(`${date}T00:00:00Z`) / MINUTE + hour * 60 + minute;
      const start = Date.parse(`${date}T00:00:00Z`) - 16 * HOUR;
      const instants = Array.from({ length: 56 * 60 }, (_, index) => start + index * MINUTE);
      // Oracle: the first minute that shows the time, else the first that shows a later one.
      const expected = instants.find((at) => wall(at, timeZone) === wanted) ?? instants.find((at) => wall(at, timeZone) > wanted);
      const found = previewSchedule({ cron: `${minute} ${hour} * * *`, timeZone, count: 4, from: new Date(start - 24 * HOUR) }).map((run) => run.getTime());
      const onDay = found.filter((at) => Math.floor(wall(at, timeZone) / 1440) === Math.floor(wanted / 1440));

      expect(onDay).toEqual([expected]);
    }), { numRuns: 60, seed: 20260329 });
  });

  it.each([
    ['0 25 * * *', /cannot be read/], ['0 2 * *', /has 4 fields/], ['', /has 0 fields/], ['0 0 2 * * *', /has 6 fields/], ['0 0 30 2 *', /never runs/],
    ['0 0 L * *', /"L" is not/], ['0 0 ? * *', /"\?" is not/], ['5/10 * * * *', /cannot be read/], ['0 2 * * *; x', /has 6 fields/],
  ])('given "%s", when previewed, then it is refused with what is wrong and what to write', (cron, message) => {
    expect(() => runs(cron, 'UTC', '2026-01-01T00:00:00Z', 1)).toThrow(ScheduleError);
    expect(() => runs(cron, 'UTC', '2026-01-01T00:00:00Z', 1)).toThrow(message);
  });

  it('given a time zone that does not exist, when previewed, then it is refused by its name', () => {
    expect(() => runs('0 2 * * *', 'Mars/Olympus', '2026-01-01T00:00:00Z', 1)).toThrow(/"Mars\/Olympus" is not known/);
  });
});

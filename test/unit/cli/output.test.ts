import fc from 'fast-check';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { formatData, formatItems } from '../../../server/cli/output/print.ts';
import { formatTable, type Column } from '../../../server/cli/output/table.ts';
import { ageText, bytesText, progressText } from '../../../server/cli/output/words.ts';

const COLUMNS: Column<{ name: string; size?: number }>[] = [{ heading: 'NAME', value: ({ name }) => name }, { heading: 'SIZE', value: ({ size }) => size }];

describe('a table', () => {
  it('given names of very different length, when formatted, then none is cut, columns stay in line, and lines have no trailing space', () => {
    const long = 'a'.repeat(253);
    const lines = formatTable(COLUMNS, [{ name: 'b', size: 1 }, { name: long, size: 22 }, { name: 'c' }]).split('\n');

    expect(lines).toEqual([`${'NAME'.padEnd(253)}  SIZE`, `${'b'.padEnd(253)}  1`, `${long}  22`, `${'c'.padEnd(253)}  -`, '']);
  });

  it('given any values, when formatted, then every item has one line and no cell is empty', () => {
    fc.assert(fc.property(fc.array(fc.record({ name: fc.string(), size: fc.integer() })), (items) => {
      const lines = formatTable(COLUMNS, items).trimEnd().split('\n');

      expect(lines).toHaveLength(items.length + 1);
      for (const line of lines) expect(line.split(/ {2,}/).length).toBeGreaterThanOrEqual(2);
    }));
  });

  it('given items, when asked for as data, then JSON and YAML hold the same', () => {
    const items = [{ name: 'x: y', size: 1 }];

    expect(JSON.parse(formatItems('json', COLUMNS, items))).toEqual(items);
    expect(load(formatItems('yaml', COLUMNS, items))).toEqual(items);
    expect(formatData('json', { a: 1 }).endsWith('}\n')).toBe(true);
  });
});

describe('words', () => {
  it.each([[0, '0 B'], [1023, '1023 B'], [1024, '1.0 KiB'], [1536 * 2 ** 20, '1.5 GiB'], [200 * 2 ** 30, '200 GiB'], [undefined, undefined]])('given %s bytes, when told, then "%s"', (bytes, expected) => {
    expect(bytesText(bytes)).toBe(expected);
  });

  it.each([['2026-01-02T00:00:00Z', '0s'], ['2026-01-01T23:59:00Z', '60s'], ['2026-01-01T23:50:00Z', '10m'], ['2026-01-01T10:00:00Z', '14h'], ['2025-12-20T00:00:00Z', '13d'], ['2026-01-02T00:05:00Z', '0s'], [undefined, undefined]])('given %s, when its age is told, then "%s"', (instant, expected) => {
    expect(ageText(instant, new Date('2026-01-02T00:00:00Z'))).toBe(expected);
  });

  it('given progress, when told, then in tenths of a hundred', () => {
    expect([progressText('Moving', { bytesDone: 47, bytesTotal: 100 }), progressText('Moving', { bytesDone: 0, bytesTotal: 100 }), progressText('Queued', undefined)]).toEqual(['Moving 40%', 'Moving', 'Queued']);
  });
});

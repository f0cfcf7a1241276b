import { describe, expect, it } from 'vitest';
import { formatBytes } from '../bytes';
import { elapsed, formatDuration } from '../duration';
import { isObjectName, suggestName } from '../names';
import { percentDone } from '../progress';

describe('formatBytes', () => {
  it.each([[0, '0 B'], [1023, '1023 B'], [1536, '1.5 KiB'], [640 * 2 ** 20, '640 MiB'], [1.25 * 2 ** 30, '1.25 GiB'], [12.34 * 2 ** 40, '12.3 TiB']])('given %d bytes, when shown, then it reads %s', (bytes, words) => {
    expect(formatBytes(bytes)).toBe(words);
  });
});

describe('formatDuration', () => {
  it.each([[340, '340 ms'], [-5, '0 ms'], [12_000, '12 s'], [65_000, '1 min 5 s'], [3_900_000, '1 h 5 min'], [90_000_000, '1 d 1 h'], [3_600_000, '1 h']])('given %d milliseconds, when shown, then it reads %s', (milliseconds, words) => {
    expect(formatDuration(milliseconds)).toBe(words);
  });

  it('given no end, when the elapsed time is asked, then it runs until now', () => {
    expect(elapsed('2026-11-22T10:00:00Z', undefined, Date.parse('2026-11-22T10:00:07Z'))).toBe(7000);
  });
});

describe('percentDone', () => {
  it('given all bytes moved, when the disk is not finished, then it never shows 100', () => {
    expect(percentDone({ bytesTotal: 100, bytesDone: 100 }, false)).toBe(99);
    expect(percentDone({ bytesTotal: 100, bytesDone: 100 }, true)).toBe(100);
  });

  it('given no total, when asked, then the share is unknown', () => {
    expect(percentDone(undefined, false)).toBeUndefined();
    expect(percentDone({ bytesTotal: 0, bytesDone: 0 }, false)).toBeUndefined();
  });
});

describe('suggestName', () => {
  const at = new Date('2026-11-22T10:20:30Z');

  it('given a VM and a time, when a name is suggested, then it has both', () => {
    expect(suggestName('db', at)).toBe('db-20261122-102030');
  });

  it('given the longest VM name, when a name is suggested, then Kubernetes accepts it, even numbered', () => {
    const name = suggestName(`${ 'a'.repeat(44) }.${ 'b'.repeat(18) }`, at, (taken) => !taken.endsWith('-12'));

    expect(isObjectName(name)).toBe(true);
    expect(name.endsWith('-12')).toBe(true);
  });

  it.each(['Upper', '-a', 'a-', 'a_b', '', 'a'.repeat(64)])('given %j, when it is checked, then it is no object name', (name) => {
    expect(isObjectName(name)).toBe(false);
  });
});

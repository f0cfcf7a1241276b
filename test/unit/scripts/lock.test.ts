import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../../scripts/lib/lock.mjs';

describe('withLock', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'hvb-lock-'));
    file = path.join(folder, 'lock');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('given work under way, when the same lock is wanted again, then the second one waits, says so, and runs after it', async() => {
    const events: string[] = [];
    let finish = (): void => undefined;
    const first = withLock(file, () => new Promise<void>((resolve) => {
      events.push('first starts');
      finish = resolve;
    }), { waiting: () => events.push('unexpected') });
    const second = withLock(file, () => {
      events.push('second runs');

      return Promise.resolve();
    }, { waiting: (pid: number) => {
      events.push(`waits for ${ pid === process.pid ? 'us' : pid }`);
      finish();
    } });

    await Promise.all([first, second]);
    expect(events).toEqual(['first starts', 'waits for us', 'second runs']);
    expect(existsSync(file)).toBe(false);
  });

  it.each([
    ['is gone', { pid: 2 ** 30, start: '1' }],
    ['has had its number taken by another one', { pid: process.pid, start: '1' }],
  ])('given a lock whose process %s, when wanted, then it is taken over without waiting', async(_what, holder) => {
    writeFileSync(file, JSON.stringify(holder));
    const waited: number[] = [];

    await expect(withLock(file, () => Promise.resolve('done'), { waiting: (pid: number) => waited.push(pid) })).resolves.toBe('done');
    expect(waited).toEqual([]);
  });

  it('given work that fails, when it has failed, then the lock is free', async() => {
    await expect(withLock(file, () => Promise.reject(new Error('no')), { waiting: () => undefined })).rejects.toThrow('no');
    expect(existsSync(file)).toBe(false);
  });
});

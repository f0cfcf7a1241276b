import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../server/telemetry/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function logged(write: (log: ReturnType<typeof createLogger>) => void, level: 'debug' | 'info' = 'info'): string[] {
  const lines: string[] = [];

  write(createLogger({ clock: new FakeClock(), level, write: (line) => void lines.push(line) }));

  return lines;
}

describe('log', () => {
  it('given fields and a child, when written, then one JSON line holds time, level, message and all fields', () => {
    const lines = logged((log) => log.child({ controller: 'c' }).info('hello\nworld', { key: 'ns/a' }));

    expect(lines).toHaveLength(1);
    expect(lines[0]?.endsWith('\n')).toBe(true);
    expect(JSON.parse(lines[0] ?? '')).toEqual({ time: '2026-01-01T00:00:00.000Z', level: 'info', msg: 'hello\nworld', controller: 'c', key: 'ns/a' });
  });

  it('given a level, when lighter lines are written, then they are dropped', () => {
    expect(logged((log) => log.debug('x'))).toEqual([]);
    expect(logged((log) => log.debug('x'), 'debug')).toHaveLength(1);
  });

  it('given secrets at any depth and in any spelling, when written, then no line holds them and their neighbours stay', () => {
    const secret = 'S3CRET';
    const [line] = logged((log) => log.error('x', {
      password: secret, nested: [{ Authorization: secret, 'Set-Cookie': secret, secret_key: secret, name: 'kept' }],
      object: { kind: 'Secret', metadata: { name: 'kept-too' }, data: { anything: secret }, stringData: { other: secret } },
      error: Object.assign(new Error('kept-message'), { token: secret, cause: Object.assign(new Error('why'), { userData: secret }) }),
    }));

    expect(line).not.toContain(secret);
    expect(line).toContain('"name":"kept"');
    expect(line).toContain('kept-too');
    expect(line).toContain('kept-message');
    expect(line).toContain('why');
  });

  it('given a cycle and a bigint, when written, then the line is still JSON', () => {
    const cycle: Record<string, unknown> = { size: 10n };

    cycle['self'] = cycle;
    const [line] = logged((log) => log.info('x', { cycle }));

    expect(JSON.parse(line ?? '')).toMatchObject({ cycle: { size: '10' } });
  });
});

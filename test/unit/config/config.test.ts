import { describe, expect, it } from 'vitest';
import { configFromEnv } from '../../../server/config.ts';

describe('the configuration', () => {
  it('given an empty environment, when read, then the defaults stand', () => {
    expect(configFromEnv({})).toEqual({ logLevel: 'info', cutTimeoutMs: 120_000, leaseDurationMs: 15_000 });
  });

  it.each([['HVB_LOG_LEVEL', 'loud'], ['HVB_CUT_TIMEOUT_MS', '1.5'], ['HVB_CUT_TIMEOUT_MS', '10'], ['HVB_LEASE_DURATION_MS', 'soon']])('given %s=%s, when read, then the error names the variable and the value', (name, value) => {
    expect(() => configFromEnv({ [name]: value })).toThrow(new RegExp(`${name} is "${value}"`));
  });
});

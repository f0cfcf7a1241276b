import { describe, expect, it } from 'vitest';
import { configFromEnv } from '../../../server/config.ts';

describe('the configuration', () => {
  it('given an empty environment, when read, then the defaults stand', () => {
    expect(configFromEnv({})).toEqual({ logLevel: 'info', cutTimeoutMs: 120_000, leaseDurationMs: 10_000, http: { port: 8080, host: '' } });
  });

  it.each(['', 'off'])('given HVB_HTTP_PORT="%s", when read, then there is no HTTP server', (HVB_HTTP_PORT) => {
    expect(configFromEnv({ HVB_HTTP_PORT, HVB_HTTP_HOST: '127.0.0.1' }).http).toBeUndefined();
  });

  it('given a port and a host, when read, then both stand', () => {
    expect(configFromEnv({ HVB_HTTP_PORT: '0', HVB_HTTP_HOST: '127.0.0.1' }).http).toEqual({ port: 0, host: '127.0.0.1' });
  });

  it.each([['HVB_HTTP_PORT', '65536'], ['HVB_HTTP_PORT', '80a'], ['HVB_LOG_LEVEL', 'loud'], ['HVB_CUT_TIMEOUT_MS', '1.5'], ['HVB_CUT_TIMEOUT_MS', '10'], ['HVB_LEASE_DURATION_MS', 'soon']])('given %s=%s, when read, then the error names the variable and the value', (name, value) => {
    expect(() => configFromEnv({ [name]: value })).toThrow(new RegExp(`${name} is "${value}"`));
  });
});

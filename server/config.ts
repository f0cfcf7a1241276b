import { LOG_LEVELS, type LogLevel } from './telemetry/log.ts';

/** How the server is set up; every field has a default that suits a pod. */
export interface ServerConfig {
  logLevel: LogLevel;
  /** How long the cuts of all disks of a VM may take (milliseconds). */
  cutTimeoutMs: number;
  /** Length of the leader lease (milliseconds). A killed leader is replaced after that and two retry periods at the latest; see `kube/leader.ts`. */
  leaseDurationMs: number;
  /** Where the operator API listens; absent: nowhere. Port 0 takes a free one; an empty host is every interface. */
  http?: { port: number; host: string };
}

/**
 * Reads the configuration from environment variables.
 * @throws Error with one line that names the variable and what it may be
 */
export function configFromEnv(env: Readonly<Record<string, string | undefined>>): ServerConfig {
  const logLevel = env.HVB_LOG_LEVEL ?? 'info';

  if (!isLogLevel(logLevel)) throw new Error(`HVB_LOG_LEVEL is "${logLevel}": it must be one of ${LOG_LEVELS.join(', ')}`);
  return {
    logLevel,
    cutTimeoutMs: milliseconds(env, 'HVB_CUT_TIMEOUT_MS', 120_000, 1_000),
    leaseDurationMs: milliseconds(env, 'HVB_LEASE_DURATION_MS', 10_000, 1_000),
    ...httpFromEnv(env),
  };
}

function httpFromEnv({ HVB_HTTP_PORT = '8080', HVB_HTTP_HOST = '' }: Readonly<Record<string, string | undefined>>): Pick<ServerConfig, 'http'> {
  if (HVB_HTTP_PORT === '' || HVB_HTTP_PORT === 'off') return {};
  const port = Number(HVB_HTTP_PORT);

  if (!/^\d+$/.test(HVB_HTTP_PORT) || port > 65_535) throw new Error(`HVB_HTTP_PORT is "${HVB_HTTP_PORT}": it must be a port from 0 (any free one) to 65535, or "off"`);
  return { http: { port, host: HVB_HTTP_HOST } };
}

function isLogLevel(text: string): text is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(text);
}

function milliseconds(env: Readonly<Record<string, string | undefined>>, name: string, fallback: number, least: number): number {
  const text = env[name];

  if (text === undefined) return fallback;
  const value = Number(text);

  if (!Number.isInteger(value) || value < least) throw new Error(`${name} is "${text}": it must be a whole number of milliseconds, at least ${least}`);
  return value;
}

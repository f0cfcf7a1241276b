import type { Clock } from '../contract/clock.ts';

/** Levels in rising order of weight. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Extra facts of a log line; an `Error` is written with its name, message, stack and code. */
export type LogFields = Record<string, unknown>;

/** Writes structured lines. */
export interface Logger {
  debug(msg: string, fields?: LogFields): void;
  info(msg: string, fields?: LogFields): void;
  warn(msg: string, fields?: LogFields): void;
  error(msg: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
}

/** What a logger needs. `write` gets one whole line with its newline. */
export interface LoggerOptions {
  clock: Clock;
  write: (line: string) => void;
  /** Lines below it are dropped. Default `info`. */
  level?: LogLevel;
  fields?: LogFields;
}

const REDACTED = '[redacted]';
const SECRET_KEYS = /^(password|passwd|passphrase|secret|token|accesstoken|bearertoken|authorization|cookie|setcookie|privatekey|secretkey|secretaccesskey|accesskey|accesskeyid|clientsecret|credentials|stringdata|userdata|networkdata)$/;
const MAX_DEPTH = 8;

/** True for a field whose value must never be written, whatever its case and separators (`Set-Cookie`, `secret_key`). */
export function isSecretKey(key: string): boolean {
  return SECRET_KEYS.test(key.toLowerCase().replace(/[^a-z]/g, ''));
}

function errorFields(error: Error): LogFields {
  const fields: LogFields = { name: error.name, message: error.message, stack: error.stack };

  for (const [key, value] of Object.entries(error)) {
    fields[key] = value;
  }
  if (error.cause !== undefined) {
    fields['cause'] = error.cause;
  }

  return fields;
}

function isSecretObject(value: object): boolean {
  return (value as { kind?: unknown }).kind === 'Secret';
}

/** A copy that is safe to write: secrets replaced, errors spelled out, cycles and depth cut. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'bigint' ? String(value) : value;
  }
  if (depth >= MAX_DEPTH) {
    return '[too deep]';
  }
  if (Array.isArray(value)) {
    return value.map((item) => redact(item, depth + 1));
  }
  if (value instanceof Date) {
    return value.toISOString();
  }
  const entries = Object.entries(value instanceof Error ? errorFields(value) : value);
  const secretObject = isSecretObject(value);

  return Object.fromEntries(entries.map(([key, item]) => [key, isSecretKey(key) || (secretObject && key === 'data') ? REDACTED : redact(item, depth + 1)]));
}

/** A logger of JSON lines `{time, level, msg, …fields}`; known secret fields are redacted. */
export function createLogger(options: LoggerOptions): Logger {
  const threshold = LOG_LEVELS.indexOf(options.level ?? 'info');
  const log = (level: LogLevel) => (msg: string, fields: LogFields = {}): void => {
    if (LOG_LEVELS.indexOf(level) < threshold) {
      return;
    }
    const line = { ...redact({ ...options.fields, ...fields }) as LogFields, time: options.clock.now().toISOString(), level, msg };

    options.write(`${JSON.stringify(line)}\n`);
  };

  return {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    child: (fields) => createLogger({ ...options, fields: { ...options.fields, ...fields } }),
  };
}

/** A logger to standard error, which every runtime collects and which never mixes with a program's results. */
export function stderrLogger(clock: Clock, level: LogLevel = 'info'): Logger {
  return createLogger({ clock, level, write: (line) => void process.stderr.write(line) });
}

import { isSecretKey } from '../../telemetry/log.ts';

const REDACTED = '[redacted]';
/**
 * Text that is a secret by its looks, wherever it stands. Anybody who may write an annotation chooses this text, so no pattern
 * may look further than a bounded way from where it begins: the time must not grow with the square of the length.
 */
const PATTERNS: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  // A JSON Web Token, such as a service account's.
  [/(?<![\w-])eyJ[\w-]{8,4096}\.[\w-]{1,16384}\.[\w-]*/g, REDACTED],
  [/\b(Bearer|Basic) +[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, REDACTED],
  // user:password@host in a URL
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@]{1,256}):[^\s/@]{1,1024}@/gi, `$1:${REDACTED}@`],
  [/((?:password|passwd|passphrase|secret[_-]?(?:access[_-]?)?key|access[_-]?key(?:[_-]?id)?|api[_-]?key|token)(?:\\?["'])?\s*[=:]\s*)(?:\\"[^"\\]*\\"|"[^"]*"|'[^']*'|[^\s"',;&]+)/gi, `$1${REDACTED}`],
];
/** `kubectl apply` keeps a whole copy here, past every rule for fields. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Text without what looks like a secret. */
export function redactText(text: string): string {
  return PATTERNS.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
}

/**
 * A copy of JSON that is safe to hand to somebody else: fields that hold secrets by their names, and text that is one by its
 * looks, are replaced; a Secret keeps its metadata only. The last net: nothing secret should come here in the first place.
 */
export function redactObject(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map(redactObject);
  if (typeof value !== 'object' || value === null) return value;
  if ((value as { kind?: unknown }).kind === 'Secret') return { kind: 'Secret', metadata: redactObject((value as { metadata?: unknown }).metadata) };
  return Object.fromEntries(Object.entries(value)
    .filter(([key]) => key !== 'managedFields' && key !== LAST_APPLIED)
    // An object under such a name is no value but a structure, such as a reference: its own fields are looked at.
    .map(([key, item]) => [key, isSecretKey(key) && (typeof item !== 'object' || item === null) ? REDACTED : redactObject(item)]));
}

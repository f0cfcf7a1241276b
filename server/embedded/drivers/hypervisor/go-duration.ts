const UNITS_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a Go duration such as `30s`, `1m30s` or `0`; undefined when the text is none. */
export function parseGoDuration(text: string): number | undefined {
  if (text === '0') {
    return 0;
  }
  if (!/^-?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(text)) {
    return undefined;
  }
  const sum = [...text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)].reduce((total, [, number, unit]) => total + Number(number) * (UNITS_MS[unit ?? ''] ?? 0), 0);

  return text.startsWith('-') ? -sum : sum;
}

const SUFFIXES: Readonly<Record<string, number>> = {
  '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50,
};

/**
 * Bytes of a Kubernetes quantity such as `10Gi`, `512M` or `1073741824`, rounded up.
 * @throws RangeError for anything else
 */
export function parseQuantity(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(?:([eE])(\d+)|([kMGTP]i?|Ki)?)$/.exec(text.trim());

  if (!match?.[1]) throw new RangeError(`"${text}" is not a quantity: expected a number with an optional suffix such as Gi`);
  const factor = match[2] ? 10 ** Number(match[3]) : SUFFIXES[match[4] ?? ''];

  if (factor === undefined) throw new RangeError(`"${text}" is not a quantity: unknown suffix "${match[4] ?? ''}"`);
  return Math.ceil(Number(match[1]) * factor);
}

/** The shortest exact quantity: `1Gi` rather than `1073741824`. */
export function formatQuantity(bytes: number): string {
  for (const suffix of ['Ti', 'Gi', 'Mi', 'Ki']) {
    const unit = SUFFIXES[suffix] as number;

    if (bytes >= unit && bytes % unit === 0) return `${bytes / unit}${suffix}`;
  }
  return String(bytes);
}

/** Gives the lower-case hex SHA-256 of a text. An argument, as the browser and Node have different ones. */
export type Hasher = (text: string) => string;

/** JSON with the fields of every object in the order of their names and without undefined ones: equal data gives equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, item]) => item !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));

  return Object.fromEntries(fields.map(([field, item]) => [field, sorted(item)]));
}

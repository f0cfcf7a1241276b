/** Answers of two APIs made comparable: what differs by chance gets a name, everything else stays. */
import type { JsonObject } from '../../server/embedded/api/index.ts';
import type { Answer, Step } from './scenario.ts';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{6})?(?:Z|\+00:00)/g;
const ADDRESS = /\b127\.0\.0\.1:\d+/g;
const REVISIONS = /(too old resource version: |Too large resource version: 999999999, current: )[\d ()]+/g;
/** Times in a test's own bodies are of earlier years, and are compared. */
const THIS_YEAR = 2025;
const GENERATED_LETTERS = 5;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Several errors come in the order of a Go map, which is another one each time: their text is left out, the causes are sorted. */
function withoutOrder(status: JsonObject): JsonObject {
  const causes = isObject(status.details) && Array.isArray(status.details.causes) ? status.details.causes.map((cause): string => JSON.stringify(cause)) : [];

  if (causes.length < 2) return status;
  return { ...status, message: String(status.message).replace(/is invalid: \[.*/s, 'is invalid: […]'), details: { ...status.details as JsonObject, causes: causes.sort().map((cause): unknown => JSON.parse(cause)) } };
}

/** The order of managers depends on whether a second passed between their writes. */
function withoutTimes(managers: readonly unknown[]): JsonObject[] {
  const key = ({ operation, manager, subresource }: JsonObject): string => `${String(operation)} ${String(manager)} ${String(subresource)}`;

  return managers.filter(isObject).map(({ time: _time, ...rest }): JsonObject => rest).sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** A list's version, and a bookmark's, moves with everything else in the cluster. */
function hasOwnVersion(object: JsonObject): boolean {
  return isObject(object.metadata) && !('items' in object) && !('rows' in object);
}

/** Calls values after the step in which they are first seen, for one API and one scenario. */
export class Normaliser {
  #step = '';
  #new = 0;
  readonly #uids = new Map<string, string>();
  readonly #versions = new Map<string, string>();
  readonly #names = new Map<string, string>();

  /** The comparable form of an answer. */
  answer({ status, headers, body: raw }: Answer, { name, pick, managedFields }: Pick<Step, 'name' | 'pick' | 'managedFields'>): JsonObject {
    this.#step = name;
    this.#new = 0;
    this.#learnNames(raw);
    const body = isObject(raw) && raw.kind === 'Status' ? withoutOrder(raw) : raw;

    return { status, headers: this.#value(headers, '', true), body: this.#value(pick ? pick(body) : body, '', managedFields === true) };
  }

  #learnNames(value: unknown): void {
    if (Array.isArray(value)) value.forEach((item) => this.#learnNames(item));
    if (!isObject(value)) return;
    const { generateName, name } = isObject(value.metadata) ? value.metadata : {};

    if (typeof generateName === 'string' && typeof name === 'string' && name.startsWith(generateName) && name.length === generateName.length + GENERATED_LETTERS) this.#name(this.#names, name, 'generated');
    Object.values(value).forEach((item) => this.#learnNames(item));
  }

  #value(value: unknown, field: string, managedFields: boolean): unknown {
    if (Array.isArray(value) && field === 'managedFields') return this.#value(withoutTimes(value), '', managedFields);
    if (Array.isArray(value)) return value.map((item: unknown) => this.#value(item, field, managedFields));
    if (typeof value === 'string') return this.#text(value, field);
    if (!isObject(value)) return value;
    const version = hasOwnVersion(value) ? (value.metadata as JsonObject).resourceVersion : undefined;
    const shown = typeof version === 'string' && value.type !== 'BOOKMARK' ? this.#name(this.#versions, version, 'version') : undefined;
    // Sorted, so that the order of fields does not decide what is seen first.
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).filter(([name]) => name !== 'managedFields' || managedFields).map(([name, item]): [string, unknown] => {
      const plain = this.#value(item, name, managedFields);

      return [this.#text(name, ''), name === 'metadata' && shown !== undefined && isObject(plain) ? { ...plain, resourceVersion: shown } : plain];
    });

    return Object.fromEntries(entries);
  }

  #text(text: string, field: string): string {
    if (field === 'continue') return text === '' ? '' : '<continue>';
    if (field === 'resourceVersion') return '<version>';
    let result = text.replaceAll(UUID, (uid) => this.#name(this.#uids, uid, 'uid')).replaceAll(ADDRESS, '<address>').replaceAll(REVISIONS, '$1<version>');

    if (field === 'message') for (const [version, shown] of this.#versions) result = result.replaceAll(new RegExp(`(?<!\\d)${version}(?!\\d)`, 'g'), shown);
    for (const [name, shown] of this.#names) result = result.replaceAll(name, shown);

    return result.replaceAll(TIME, (time) => (Number(time.slice(0, 4)) >= THIS_YEAR ? '<time>' : time));
  }

  #name(known: Map<string, string>, value: string, word: string): string {
    const shown = known.get(value) ?? `<${word} ${++this.#new} of ${this.#step}>`;

    known.set(value, shown);
    return shown;
  }
}

/** The functions that Kubernetes adds to CEL and that rules of CRDs use: strings, lists, quantities. */
import { Environment } from '@marcbachmann/cel-js';

const SUFFIXES: Readonly<Record<string, number>> = {
  '': 1, n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
};
const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([KMGTPE]i|[numkMGTPE]))?$/;

/** A parsed resource quantity; `value` in units (bytes, cores), exact up to 2^53. */
export class Quantity {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Parses `10Gi`, `1.5`, `100m`, `1e3`; undefined for anything else. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = QUANTITY.exec(text);
  if (!match) return undefined;
  return new Quantity(Number(`${match[1]}${match[2] ?? ''}`) * (SUFFIXES[match[3] ?? ''] ?? 1));
}

function quantity(text: string): Quantity {
  const parsed = parseQuantity(text);
  if (!parsed) throw new Error(`quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$', ${JSON.stringify(text)} does not`);
  return parsed;
}

type Ordered = bigint | number | string;

function extreme(list: readonly Ordered[], better: (a: Ordered, b: Ordered) => boolean): Ordered {
  const [first, ...rest] = list;
  if (first === undefined) throw new Error('min or max of an empty list');
  return rest.reduce((best, item) => (better(item, best) ? item : best), first);
}

function sum(list: readonly (bigint | number)[]): bigint | number {
  if (list.every((item) => typeof item === 'bigint')) return list.reduce((total, item) => total + item, 0n);
  return list.reduce<number>((total, item) => total + Number(item), 0);
}

/** An environment with the Kubernetes functions; its variables are the caller's to register. */
export function createCelEnvironment(): Environment {
  return new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false })
    .registerType('quantity', Quantity)
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) => text.replaceAll(from, to))
    .registerFunction('string.find(string): string', (text: string, pattern: string) => new RegExp(pattern, 'u').exec(text)?.[0] ?? '')
    .registerFunction('string.charAt(int): string', (text: string, index: bigint) => [...text][Number(index)] ?? '')
    .registerFunction('list.sum(): dyn', sum)
    .registerFunction('list.min(): dyn', (list: Ordered[]) => extreme(list, (a, b) => a < b))
    .registerFunction('list.max(): dyn', (list: Ordered[]) => extreme(list, (a, b) => a > b))
    .registerFunction('list.isSorted(): bool', (list: Ordered[]) => list.every((item, index) => index === 0 || (list[index - 1] as Ordered) <= item))
    .registerFunction('list.indexOf(dyn): int', (list: unknown[], item: unknown) => BigInt(list.indexOf(item)))
    .registerFunction('list.lastIndexOf(dyn): int', (list: unknown[], item: unknown) => BigInt(list.lastIndexOf(item)))
    .registerFunction('isQuantity(string): bool', (text: string) => parseQuantity(text) !== undefined)
    .registerFunction('quantity(string): quantity', quantity)
    .registerFunction('quantity.isGreaterThan(quantity): bool', (a: Quantity, b: Quantity) => a.value > b.value)
    .registerFunction('quantity.isLessThan(quantity): bool', (a: Quantity, b: Quantity) => a.value < b.value)
    .registerFunction('quantity.compareTo(quantity): int', (a: Quantity, b: Quantity) => BigInt(Math.sign(a.value - b.value)))
    .registerFunction('quantity.sign(): int', (a: Quantity) => BigInt(Math.sign(a.value)))
    .registerFunction('isURL(string): bool', (text: string) => URL.canParse(text));
}

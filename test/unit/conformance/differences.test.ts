import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareAnswers, covers, knownDifferences } from '../../conformance/differences.ts';
import { Normaliser } from '../../conformance/normalise.ts';

const difference = (step: string, field: string) => ({ scenario: 'pods', step, field, real: 1, embedded: 2 });
const object = (uid: string, resourceVersion: string, more: object = {}): object => ({ metadata: { uid, resourceVersion, ...more } });
const A = '11111111-1111-4111-8111-111111111111';
const B = '22222222-2222-4222-8222-222222222222';

describe('comparing answers', () => {
  it('given answers, when fields differ, then each is told with its path, and order of fields does not matter', () => {
    expect(compareAnswers({ status: 200, body: { a: [{ b: 1 }], c: 1 } }, { status: 200, body: { c: 1, a: [{ b: 2 }], d: 3 } })).toEqual([
      { field: 'body.a[0].b', real: 1, embedded: 2 }, { field: 'body.d', real: undefined, embedded: 3 },
    ]);
  });

  it('given a refusal and an object, when compared, then only that is told, with the refusal\'s text', () => {
    expect(compareAnswers({ status: 409, body: { kind: 'Status', reason: 'Conflict', message: 'no' } }, { status: 200, body: { kind: 'Pod' } })).toEqual([{ field: 'status', real: '409 Conflict: no', embedded: '200' }]);
  });

  it.each([
    ['the same object twice', [object(A, '7'), object(A, '7')], [object(B, '9'), object(B, '9')], true],
    ['a version that changed on one side only', [object(A, '7'), object(A, '8')], [object(B, '9'), object(B, '9')], false],
    ['another object on one side only', [object(A, '7'), object(B, '7')], [object(B, '9'), object(B, '9')], false],
    ['a generated name', [object(A, '7', { generateName: 'x-', name: 'x-abcde' })], [object(B, '9', { generateName: 'x-', name: 'x-fghij' })], true],
    ['times of now', [object(A, '7', { creationTimestamp: '2026-01-01T00:00:00Z' })], [object(B, '9', { creationTimestamp: '2026-01-02T00:00:00Z' })], true],
    ['times that the test sent', [object(A, '7', { creationTimestamp: '2020-01-01T00:00:00Z' })], [object(B, '9', { creationTimestamp: '2020-01-02T00:00:00Z' })], false],
  ])('given %s, when normalised, then what is chance is equal and what is not is not', (_name, real, embedded, equal) => {
    const [first, second] = [real, embedded].map((bodies) => {
      const normaliser = new Normaliser();

      return bodies.map((body, index) => normaliser.answer({ status: 200, headers: {}, body }, { name: `step ${index}` }));
    });

    expect(JSON.stringify(first) === JSON.stringify(second)).toBe(equal);
  });
});

describe('the list of known differences', () => {
  let folder: string;
  const list = (rows: string): Promise<string> => {
    const file = join(folder, 'list.md');

    return writeFile(file, `# List\n\n| call | field | real | embedded | why |\n|---|---|---|---|---|\n${rows}\n`).then(() => file);
  };

  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'hvb-differences-')); });
  afterEach(() => rm(folder, { recursive: true }));

  it('given a row with stars, when differences are held against it, then it covers those that it names', async () => {
    const [row] = await knownDifferences(await list('| `pods / its *` | `body.items[*].x` | a | b | c |'));

    expect(row && [['its log', 'body.items[0].x'], ['its log', 'body.items[0].y'], ['create', 'body.items[0].x']].map(([step = '', field = '']) => covers(row, difference(step, field)))).toEqual([true, false, false]);
  });

  it('given a row without a reason, when it is read, then it is refused', async () => {
    await expect(knownDifferences(await list('| `pods / create` | `body` | a | b | |'))).rejects.toThrow('a cell is empty or missing');
  });
});

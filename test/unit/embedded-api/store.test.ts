import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal } from '../../../server/embedded/api/persistence.ts';
import { Store } from '../../../server/embedded/api/store.ts';
import type { KubeObject } from '../../../server/embedded/api/types.ts';

const R = '/configmaps';
const make = (name: string, value = 0): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'n' }, data: { value: String(value) } });

type Step = { kind: 'put' | 'remove'; name: string };
const steps = fc.array(fc.record<Step>({ kind: fc.constantFrom('put', 'remove'), name: fc.constantFrom('a', 'b', 'c', 'd', 'e') }), { maxLength: 40 });

function run(store: Store, list: readonly Step[], after: (index: number) => void = () => undefined): void {
  list.forEach((step, index) => {
    if (step.kind === 'put') store.put(R, make(step.name, index));
    else store.remove(R, `n/${step.name}`);
    after(index);
  });
}

describe('store', () => {
  it('given any changes, when a past revision is asked for, then the snapshot is what was there then', () => {
    fc.assert(fc.property(steps, (list) => {
      const store = new Store({ window: 1000 });
      const past: Array<{ revision: number; json: string }> = [];
      run(store, list, () => past.push({ revision: store.revision, json: JSON.stringify(store.list(R)) }));
      for (const { revision, json } of past) {
        const snapshot = store.snapshot(R, revision);
        expect(JSON.stringify(snapshot?.keys.map((key) => snapshot.get(key)?.object))).toBe(json);
      }
    }));
  });

  it('given any changes, when the events are replayed, then they give the state, with revisions that only grow', () => {
    fc.assert(fc.property(steps, (list) => {
      const store = new Store({ window: 1000 });
      const seen = new Map<string, KubeObject>();
      let last = store.revision;
      store.subscribe(R, (event) => {
        expect(event.revision).toBe(last + 1);
        expect(event.type === 'ADDED').toBe(!seen.has(event.key));
        last = event.revision;
        if (event.type === 'DELETED') seen.delete(event.key);
        else seen.set(event.key, event.entry.object);
      });
      run(store, list);
      expect([...seen.keys()].sort()).toEqual(store.list(R).map(({ metadata }) => `n/${metadata.name}`));
    }));
  });

  it('given more changes than the window holds, when an older revision is asked for, then it is gone and newer ones are not', () => {
    const store = new Store({ window: 3 });
    for (let index = 0; index < 10; index++) store.put(R, make('a', index));
    expect(store.eventsAfter(R, store.revision - 4)).toBeUndefined();
    expect(store.eventsAfter(R, store.revision - 3)).toHaveLength(3);
  });
});

describe('journal', () => {
  let folder: string;
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'api-journal-')); });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const open = (compactAt?: number): Store => new Store({ window: 100, journal: new Journal(folder, { sync: false, ...(compactAt === undefined ? {} : { compactAt }) }) });
  const file = (): string => join(folder, 'objects.jsonl');

  it('given any changes, when the file is cut at any byte and opened again, then a prefix of the changes is there and writing goes on', async () => {
    await fc.assert(fc.asyncProperty(steps, fc.double({ min: 0, max: 1, noNaN: true }), async (list, part) => {
      rmSync(file(), { force: true });
      const store = open();
      const states = [JSON.stringify(store.list(R))];
      run(store, list, () => states.push(JSON.stringify(store.list(R))));
      await store.close();
      const bytes = readFileSync(file());
      const header = bytes.indexOf(10) + 1;
      writeFileSync(file(), bytes.subarray(0, header + Math.floor((bytes.length - header) * part)));

      const again = open();
      expect(states).toContain(JSON.stringify(again.list(R)));
      const stored = again.put(R, make('new'));
      await again.close();
      const third = open();
      expect(third.get(R, 'n/new')).toEqual(stored);
      await third.close();
    }), { numRuns: 50 });
  });

  it('given a restart, when the next object is stored, then the revision goes on and older watches are too old', async () => {
    const store = open();
    store.put(R, make('a'));
    const { revision } = store;
    store.remove(R, 'n/a');
    await store.close();
    const again = open();
    expect(again.revision).toBe(revision + 1);
    expect(again.eventsAfter(R, revision)).toBeUndefined();
    expect(again.eventsAfter(R, revision + 1)).toEqual([]);
    expect(again.put(R, make('b')).metadata.resourceVersion).toBe(String(revision + 2));
    await again.close();
  });

  it('given many changes of few objects, when the file grows, then it is rewritten and still holds everything', async () => {
    const store = open(2000);
    for (let index = 0; index < 500; index++) store.put(R, make(`a${index % 5}`, index));
    const before = JSON.stringify(store.list(R));
    const { revision } = store;
    await store.close();
    expect(readFileSync(file()).length).toBeLessThan(20_000);
    const again = open(2000);
    expect(JSON.stringify(again.list(R))).toBe(before);
    expect(again.revision).toBe(revision);
    await again.close();
  });

  it('given a damaged line before the last, when opened, then the error names file and line', async () => {
    const store = open();
    store.put(R, make('a'));
    await store.close();
    appendFileSync(file(), '{"broken\n{"r":"/x","k":"a","rv":9}\n');
    expect(() => open()).toThrow(/objects\.jsonl line 3 is not JSON/);
  });

  it('given waiting writers, when durable resolves, then every line before it is in the file', async () => {
    const store = new Store({ window: 10, journal: new Journal(folder, { sync: true }) });
    const written = Array.from({ length: 20 }, async (_unused, index) => {
      store.put(R, make(`a${index}`));
      await store.durable();
      expect(readFileSync(file(), 'utf8')).toContain(`"name":"a${index}"`);
    });
    await Promise.all(written);
    await store.close();
  });
});

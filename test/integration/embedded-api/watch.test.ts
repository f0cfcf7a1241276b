import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CONFIG_MAPS, MERGE, WIDGETS, WIDGET_CRD, configMap, startApi, widget, type Harness, type OpenWatch } from './harness.ts';

/** Time that passes only when the test says so. */
class ManualClock {
  #now = Date.parse('2026-01-01T00:00:00Z');
  readonly #timers = new Set<{ due: number; callback: () => void }>();
  now = (): number => this.#now;
  schedule = (callback: () => void, milliseconds: number): (() => void) => {
    const timer = { due: this.#now + milliseconds, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };
  get waiting(): number {
    return this.#timers.size;
  }
  advance(milliseconds: number): void {
    this.#now += milliseconds;
    for (const timer of [...this.#timers]) if (timer.due <= this.#now && this.#timers.delete(timer)) timer.callback();
  }
}

describe('watch', () => {
  let h: Harness;
  let clock: ManualClock;
  const open: OpenWatch[] = [];
  beforeEach(async () => {
    clock = new ManualClock();
    h = await startApi({ crds: [WIDGET_CRD], watchWindow: 5, bookmarkDelay: 1000, clock });
  });
  afterEach(async () => {
    for (const watch of open.splice(0)) watch.stop();
    await h.close();
  });
  const watch = async (path: string): Promise<OpenWatch> => {
    const opened = await h.watch(path);
    open.push(opened);
    return opened;
  };
  const version = async (): Promise<string> => (await h.call<{ metadata: { resourceVersion: string } }>('GET', CONFIG_MAPS)).body.metadata.resourceVersion;
  const brief = async (opened: OpenWatch): Promise<string> => {
    const { type, object } = await opened.next();
    return `${type} ${object.metadata.name}`;
  };

  it('given a revision, when objects change after it, then each change arrives once and in order, with growing versions', async () => {
    const from = await version();
    await h.call('POST', CONFIG_MAPS, configMap('a'));
    const opened = await watch(`${CONFIG_MAPS}?watch=true&resourceVersion=${from}`);
    await h.call('PATCH', `${CONFIG_MAPS}/a`, { data: { x: '1' } }, { 'content-type': MERGE });
    await h.call('DELETE', `${CONFIG_MAPS}/a`);
    const events = [await opened.next(), await opened.next(), await opened.next()];
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(new Set(versions).size).toBe(3);
  });

  it('given no revision, when watched, then the present objects come first as ADDED', async () => {
    await h.call('POST', CONFIG_MAPS, configMap('there'));
    const opened = await watch(`${CONFIG_MAPS}?watch=1`);
    expect(await brief(opened)).toBe('ADDED there');
  });

  it('given a label selector, when an object enters and leaves it, then that is ADDED and DELETED', async () => {
    const opened = await watch(`${CONFIG_MAPS}?watch=1&labelSelector=in%3Dyes&resourceVersion=${await version()}`);
    await h.call('POST', CONFIG_MAPS, configMap('a'));
    await h.call('PATCH', `${CONFIG_MAPS}/a`, { metadata: { labels: { in: 'yes' } } }, { 'content-type': MERGE });
    await h.call('PATCH', `${CONFIG_MAPS}/a`, { data: { x: '1' } }, { 'content-type': MERGE });
    const { body: left } = await h.call('PATCH', `${CONFIG_MAPS}/a`, { metadata: { labels: null } }, { 'content-type': MERGE });
    expect([await brief(opened), await brief(opened)]).toEqual(['ADDED a', 'MODIFIED a']);
    const gone = await opened.next();
    expect(gone.type).toBe('DELETED');
    expect(gone.object.metadata).toMatchObject({ labels: { in: 'yes' }, resourceVersion: left.metadata.resourceVersion });
  });

  it('given another namespace or another name, when objects change there, then a narrower watch hears nothing of it', async () => {
    await h.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default-2' } });
    const opened = await watch(`${CONFIG_MAPS}?watch=1&fieldSelector=metadata.name%3Dmine&resourceVersion=${await version()}`);
    await h.call('POST', '/api/v1/namespaces/default-2/configmaps', configMap('mine'));
    await h.call('POST', CONFIG_MAPS, configMap('other'));
    await h.call('POST', CONFIG_MAPS, configMap('mine'));
    const { object } = await opened.next();
    expect(object.metadata).toMatchObject({ name: 'mine', namespace: 'default' });
  });

  it('given more changes than are kept, when watched from before them, then the only event is 410 Expired', async () => {
    const from = await version();
    for (let index = 0; index < 7; index++) await h.call('POST', CONFIG_MAPS, configMap(`c${index}`));
    const opened = await watch(`${CONFIG_MAPS}?watch=1&resourceVersion=${from}`);
    expect(opened.status).toBe(200);
    const events = await opened.rest();
    expect(events).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: `too old resource version: ${from} (${await version()})` } }]);
  });

  it('given a continue token that is too old, when continued, then 410 gives a token for the rest', async () => {
    for (let index = 0; index < 4; index++) await h.call('POST', CONFIG_MAPS, configMap(`c${index}`));
    const { body: page } = await h.call<{ metadata: { continue: string } }>('GET', `${CONFIG_MAPS}?limit=2`);
    for (let index = 4; index < 12; index++) await h.call('POST', CONFIG_MAPS, configMap(`c${index}`));
    const expired = await h.call<{ metadata: { continue: string } }>('GET', `${CONFIG_MAPS}?limit=2&continue=${page.metadata.continue}`);
    expect(expired).toMatchObject({ status: 410, body: { reason: 'Expired' } });
    const rest = await h.call<{ items: Array<{ metadata: { name: string } }> }>('GET', `${CONFIG_MAPS}?limit=2&continue=${expired.body.metadata.continue}`);
    expect(rest.body.items.map(({ metadata }) => metadata.name)).toEqual(['c10', 'c11']);
  });

  it('given a revision in the future, when listed, then it is a timeout that says so; when watched, then what comes after it is told', async () => {
    const answer = await h.call('GET', `${CONFIG_MAPS}?resourceVersion=999999`);
    expect(answer).toMatchObject({ status: 504, body: { reason: 'Timeout', details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } } });
    const revision = Number(await version());
    const opened = await watch(`${CONFIG_MAPS}?watch=1&resourceVersion=${revision + 1}`);
    expect(opened.status).toBe(200);
    await h.call('POST', CONFIG_MAPS, configMap('at-the-revision'));
    await h.call('POST', CONFIG_MAPS, configMap('after-it'));
    expect((await opened.next()).object.metadata.name).toBe('after-it');
    opened.stop();
  });

  it('given bookmarks are allowed, when others write and the delay passes, then a bookmark tells the new revision; without a write none comes and no timer waits', async () => {
    const opened = await watch(`${CONFIG_MAPS}?watch=1&allowWatchBookmarks=true&timeoutSeconds=60&resourceVersion=${await version()}`);
    const idle = clock.waiting;
    clock.advance(5000);
    await h.call('POST', WIDGETS, widget('w'));
    expect(clock.waiting).toBe(idle + 1);
    clock.advance(1000);
    expect(clock.waiting).toBe(idle);
    const bookmark = await opened.next();
    expect(bookmark).toMatchObject({ type: 'BOOKMARK', object: { kind: 'ConfigMap', metadata: { resourceVersion: await version() } } });
    clock.advance(60_000);
    expect(await opened.rest()).toEqual([]);
  });

  it('given sendInitialEvents, when watched, then a marked bookmark ends the initial events', async () => {
    await h.call('POST', CONFIG_MAPS, configMap('a'));
    const opened = await watch(`${CONFIG_MAPS}?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`);
    expect(await brief(opened)).toBe('ADDED a');
    expect(await opened.next()).toMatchObject({ type: 'BOOKMARK', object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } } });
  });

  it('given timeoutSeconds, when they pass, then the server ends the watch', async () => {
    const opened = await watch(`${CONFIG_MAPS}?watch=1&timeoutSeconds=5`);
    clock.advance(5000);
    expect(await opened.rest()).toEqual([]);
  });
});

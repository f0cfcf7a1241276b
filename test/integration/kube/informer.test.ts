import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../support/fake-clock.ts';
import { waitFor } from '../../support/wait.ts';
import { Place, startBed, type Bed } from './bed.ts';

/** Several watches pass in a test. */
const WATCH_SECONDS = 2;

describe('an informer on a network and an API that fail', () => {
  let bed: Bed;
  let place: Place;

  beforeAll(async () => { bed = await startBed(); });
  afterAll(() => bed.stop());
  beforeEach(async () => { place = await Place.make(bed, { watchTimeoutSeconds: WATCH_SECONDS }); });
  afterEach(() => place.stop());

  const watches = (more: number): Promise<unknown> => {
    const from = place.count('watch');

    return waitFor(`${more} more watches`, () => Promise.resolve(place.count('watch') >= from + more), { seconds: 60 });
  };

  it('given objects that come, change and go over several watches, when followed, then each change is heard once, in order, from one list', async () => {
    await place.write('+old');
    const { heard, caughtUp } = place.follow();

    await caughtUp();
    await place.write('+new', '~new');
    await watches(2);
    await place.write('~new', '-old', '+old');
    await caughtUp();
    expect(heard).toEqual(['+old', '+new', '~new', '~new', '-old', '+old']);
    expect(place.count('list')).toBe(1);
  });

  it('given a network that is cut while things change, when it is back, then every change of that time is heard once, in order, without a new list', async () => {
    await place.write('+a', '+b');
    const { heard, caughtUp } = place.follow();

    await caughtUp();
    for (const [index, name] of ['x', 'y', 'z'].entries()) {
      place.network.cut();
      await place.write(`+${name}`, '~a');
      place.network.heal();
      await caughtUp();
      expect(heard.slice(2 + index * 2)).toEqual([`+${name}`, '~a']);
    }
    place.network.cut();
    await place.write('-b', '+b', '-b');
    place.network.heal();
    await caughtUp();
    expect(heard).toEqual(['+a', '+b', '+x', '~a', '+y', '~a', '+z', '~a', '-b', '+b', '-b']);
    expect(place.count('list')).toBe(1);
  });

  it('given a network that holds the watch back, when it lets go, then the changes come late, once, and in order', async () => {
    await place.write('+a');
    const { heard, caughtUp } = place.follow();

    await caughtUp();
    place.network.hold();
    await place.write('+b', '~b', '-a', '~b');
    expect(heard).toEqual(['+a']);
    place.network.heal();
    await caughtUp();
    expect(heard).toEqual(['+a', '+b', '~b', '-a', '~b']);
    expect(place.count('list')).toBe(1);
  });

  it('given an API that refuses connections at the start, when it takes them, then the informer is synced', async () => {
    await place.write('+a');
    let refused = 0;

    place.network.fault = () => {
      refused++;
      return 'cut';
    };
    const { informer, heard, caughtUp } = place.follow();

    await waitFor('two tries', () => Promise.resolve(refused >= 2));
    expect(heard).toEqual([]);
    place.network.heal();
    await informer.synced();
    await caughtUp();
    expect(heard).toEqual(['+a']);
    expect(place.count('list')).toBe(1);
  });

  it('given an API that answers 500 to everything, when it is well again, then it goes on from where it was', async () => {
    await place.write('+a');
    const { heard, caughtUp } = place.follow();

    await caughtUp();
    const before = place.count('watch');

    place.network.fault = () => 'refuse';
    await waitFor('two refused watches', () => Promise.resolve(place.count('watch') >= before + 2), { seconds: 60 });
    await place.write('+b', '-a');
    place.network.heal();
    await caughtUp();
    expect(heard).toEqual(['+a', '+b', '-a']);
    expect(place.count('list')).toBe(1);
  });

  it('given answers that break off in the middle of a line, when asked again, then nothing is lost and nothing is heard twice', async () => {
    await place.write('+a');
    // The first list breaks, and every watch.
    place.network.fault = ({ verb }) => (verb === 'watch' || place.count('list') === 0 ? 'half' : undefined);
    const { informer, heard, caughtUp } = place.follow();

    await informer.synced();
    expect(place.count('list')).toBe(2);
    await place.write('+b');
    await watches(2);
    expect(heard).toEqual(['+a']);
    place.network.heal();
    await place.write('~b');
    await caughtUp();
    expect(heard).toEqual(['+a', '+b', '~b']);
    expect(place.count('list')).toBe(2);
  });

  it('given watches that end at once, when followed, then each next one waits longer instead of spinning', async () => {
    const clock = new FakeClock();

    place.network.fault = ({ verb }) => (verb === 'watch' ? 'end' : undefined);
    const { informer } = place.follow(clock);
    const waits: number[] = [];

    await informer.synced();
    for (let watch = 1; watch <= 5; watch++) {
      await waitFor('the informer to wait', () => Promise.resolve(clock.sleeping === 1));
      expect(place.count('watch')).toBe(watch);
      waits.push(clock.nextDueInMs ?? 0);
      await clock.advance(clock.nextDueInMs ?? 0);
    }
    // Half of each wait is random: so two informers do not ask in step.
    expect(waits.every((wait, index) => wait >= 250 * 2 ** index && wait <= 500 * 2 ** index * 1.5)).toBe(true);
    expect(place.count('list')).toBe(1);
  });

  it('given an API server that restarts, when it is back, then what changed before and after is heard once, with at most one list more', async () => {
    await place.write('+a', '+b');
    const { heard, caughtUp } = place.follow();

    await caughtUp();
    await place.write('~a');
    await bed.api.restart();
    await place.apiAnswers();
    await place.write('-b', '+c');
    await caughtUp();
    expect(heard).toEqual(['+a', '+b', '~a', '-b', '+c']);
    expect(place.count('list')).toBeLessThanOrEqual(2);
  });

  it('given an API that forgot what happened while the network was cut, when it answers 410, then one list tells the differences, and only those', async () => {
    await place.write('+same', '+changed', '+gone', '+replaced');
    const { heard, caughtUp } = place.follow();

    await caughtUp();
    place.network.cut();
    await place.write('~changed', '~changed', '-gone', '-replaced', '+replaced', '+passing', '-passing', '+new');
    await bed.api.forgetHistory();
    await place.apiAnswers();
    place.network.heal();
    await caughtUp();
    expect(heard.slice(0, 4).sort()).toEqual(['+changed', '+gone', '+replaced', '+same']);
    expect(heard.slice(4).sort()).toEqual(['+new', '+replaced', '-gone', '-replaced', '~changed']);
    expect(heard.lastIndexOf('-replaced')).toBeLessThan(heard.lastIndexOf('+replaced'));
    expect(place.count('list')).toBe(2);
    await place.write('~new');
    await caughtUp();
    expect(heard.at(-1)).toBe('~new');
    expect(place.count('list')).toBe(2);
  });
});

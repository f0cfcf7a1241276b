import { describe, expect, it } from 'vitest';
import { MoverSlots } from '../../../server/domain/slots.ts';

describe('mover slots', () => {
  it('given a limit of two, when three operations ask, then the third waits until one gives back', () => {
    const slots = new MoverSlots();

    expect([slots.take('r', 'a', 2), slots.take('r', 'b', 2), slots.take('r', 'c', 2)]).toEqual([true, true, false]);
    slots.giveBack('r', 'a');
    expect(slots.take('r', 'c', 2)).toBe(true);
  });

  it('given an operation that holds a slot, when it asks again, then it is not counted twice', () => {
    const slots = new MoverSlots();

    slots.take('r', 'a', 2);
    slots.take('r', 'a', 2);
    expect(slots.free('r', 2)).toBe(1);
  });

  it('given a full repository after a restart, when running work is found, then it is never refused', () => {
    const slots = new MoverSlots();

    slots.take('r', 'a', 1);
    expect(slots.take('r', 'found-running', 1, true)).toBe(true);
    expect(slots.free('r', 1)).toBe(0);
  });

  it('given work on a repository, when pruning asks for it alone, then it waits, and afterwards keeps others out', () => {
    const slots = new MoverSlots();

    slots.take('r', 'a', 2);
    expect(slots.takeExclusive('r', 'prune')).toBe(false);
    slots.giveBack('r', 'a');
    expect(slots.takeExclusive('r', 'prune')).toBe(true);
    expect(slots.take('r', 'b', 2)).toBe(false);
    expect(slots.takeExclusive('r', 'another')).toBe(false);
    slots.giveBack('r', 'prune');
    expect(slots.take('r', 'b', 2)).toBe(true);
  });

  it('given two repositories, when one is full, then the other is not', () => {
    const slots = new MoverSlots();

    slots.take('r', 'a', 1);
    expect(slots.take('other', 'b', 1)).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { FakeSteve } from '../../__tests__/support/fake-steve';
import { byTestid, mountIn } from '../../__tests__/support/mounting';
import RemovePrompt from '../RemovePrompt.vue';

describe('the question before deleting', () => {
  it('given several objects, when it is asked, then the first five are named, the rest counted, and the consequence is about all of them', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const value = names.map(() => ({ removalMessage: (all: unknown[]) => `data of ${ all.length } goes` }));
    const wrapper = mountIn(new FakeSteve(), RemovePrompt, { value, names, type: 'Backups' });

    expect(wrapper.get('p').text()).toBe('You are about to delete Backups: a, b, c, d, e and 2 more.');
    expect(byTestid(wrapper, 'hvb-remove-consequence').text()).toBe('data of 7 goes');
  });

  it('given a deletion that the API refused, when the dialog stays open, then it says why', () => {
    const value = [{ removalMessage: () => 'gone' }];

    expect(mountIn(new FakeSteve(), RemovePrompt, { value, names: ['a'], type: 'Backup', error: 'forbidden: a' }).text()).toContain('forbidden: a');
  });
});

import { describe, expect, it } from 'vitest';
import { plainRefusal } from '../refusal';

describe('plainRefusal', () => {
  it('given the refusal of an admission policy, when shown, then only its own words are left', () => {
    const words = 'User "bob" lacks the verb "restore" on vmbackups.backup.harvesterhci.io "nightly" in the namespace "web".';

    expect(plainRefusal(`vmrestores.backup.harvesterhci.io "r" is forbidden: ValidatingAdmissionPolicy 'harvester-vm-backup-restore-rights' with binding 'harvester-vm-backup-restore-rights' denied request: ${ words }`)).toBe(words);
  });

  it.each([
    'vmrestores.backup.harvesterhci.io is forbidden: User "bob" cannot create resource "vmrestores"',
    'something denied request: because',
  ])('given another text, when shown, then it stays: %s', (text) => {
    expect(plainRefusal(text)).toBe(text);
  });
});

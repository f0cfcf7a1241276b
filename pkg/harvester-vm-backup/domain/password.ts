/** Letters and digits that cannot be mistaken for each other when read aloud or copied by hand. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const GROUPS = 6;
const GROUP_LENGTH = 5;

/**
 * A password of six groups of five characters, about 170 bits.
 * @param randomBytes fills an array with random bytes (`crypto.getRandomValues` in the browser)
 */
export function generatePassword(randomBytes: (array: Uint8Array) => Uint8Array): string {
  // Bytes past the last whole multiple of the alphabet are dropped: otherwise its first characters came more often.
  const limit = 256 - (256 % ALPHABET.length);
  let letters = '';

  while (letters.length < GROUPS * GROUP_LENGTH) {
    letters += [...randomBytes(new Uint8Array(64))].filter((byte) => byte < limit).map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
  }

  return Array.from({ length: GROUPS }, (_, group) => letters.slice(group * GROUP_LENGTH, (group + 1) * GROUP_LENGTH)).join('-');
}

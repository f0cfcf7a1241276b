import { computed, ref } from 'vue';
import { generatePassword } from '../domain/password';
import { keySecretOf, repositoryErrors, repositoryOf, type RepositoryChoice } from '../domain/repository-request';
import { errorLines, useActions, type Saved } from './use-actions';
import { useTexts } from './use-texts';

/**
 * The form that creates a repository: first the Secret with its password, then the repository that names it. When the
 * second is refused the first goes again, so that a new try does not stumble over it.
 * @param randomBytes source of randomness for a generated password
 */
export function useRepositoryForm(randomBytes: (array: Uint8Array) => Uint8Array = (array) => crypto.getRandomValues(array)) {
  const tx = useTexts();
  const { create } = useActions();
  const errors = ref<string[]>([]);
  const generated = ref(false);
  const choice = ref<RepositoryChoice>({
    name: '', engine: '', claimName: '', path: 'repository', password: '', passwordAgain: '', stored: false, parallelMovers: 2
  });
  const fieldErrors = computed(() => repositoryErrors(choice.value));
  const valid = computed(() => Object.keys(fieldErrors.value).length === 0);

  /** Fills both password fields with a new password, which is then shown once. */
  function generate(): void {
    const password = generatePassword(randomBytes);

    choice.value = { ...choice.value, password, passwordAgain: password, stored: false };
    generated.value = true;
  }

  /** Creates Secret and repository; gives the repository, or nothing when it was refused (`errors` says why). */
  async function submit(): Promise<Saved | undefined> {
    let secret: Saved | undefined;

    errors.value = [];
    try {
      secret = await create(keySecretOf(choice.value));

      return await create(repositoryOf(choice.value));
    } catch (reason) {
      errors.value = errorLines(reason);
      await rollBack(secret);

      return undefined;
    }
  }

  async function rollBack(secret: Saved | undefined): Promise<void> {
    try {
      await secret?.remove();
    } catch (reason) {
      errors.value = [...errors.value, tx('repositories.form.rollbackFailed', { secret: secret?.id ?? '', reason: errorLines(reason).join(' ') })];
    }
  }

  return { choice, errors, fieldErrors, valid, generated, generate, submit };
}

import { exceptionToErrorsArray } from '@shell/utils/error';
import { plainRefusal } from '../domain/refusal';
import { usePlace } from './use-place';

/** An object as the store holds it after it was created. */
export interface Saved { id: string; metadata: { name: string; namespace?: string }; remove: () => Promise<unknown> }

/** What went wrong with a request, one readable line each. */
export function errorLines(reason: unknown): string[] {
  const lines: unknown[] = exceptionToErrorsArray((reason as { data?: unknown })?.data ?? reason);

  return lines.map((line) => plainRefusal(typeof line === 'string' ? line : (line as Error)?.message ?? JSON.stringify(line)));
}

/** Creating objects through the store of the page, so that lists and watches know them at once. */
export function useActions() {
  const { store, inStore } = usePlace();

  /**
   * Creates an object as the person who is logged in.
   * @throws what the API answered; `errorLines` makes it readable
   */
  async function create(body: object): Promise<Saved> {
    const model = await store.dispatch(`${ inStore.value }/create`, body);

    return (await model.save()) ?? model;
  }

  return { create };
}

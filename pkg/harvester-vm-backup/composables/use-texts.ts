import { useStore } from 'vuex';

/** Arguments of a text; numbers are formatted by the message itself. */
export type TextArguments = Record<string, string | number | boolean>;
export type Texts = (key: string, args?: TextArguments) => string;

/** Texts of this extension: `tx('backups.title')` is the message `harvesterVmBackup.backups.title`. Vue escapes what is shown. */
export function useTexts(): Texts {
  const store = useStore();

  return (key, args) => store.getters['i18n/t'](`harvesterVmBackup.${ key }`, args);
}

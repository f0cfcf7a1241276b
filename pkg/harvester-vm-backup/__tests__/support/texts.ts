import IntlMessageFormat from 'intl-messageformat';
import texts from '../../l10n/en-us.yaml';

/** A shell text that a component of ours does not own is shown as its key. */
export function translate(key: string, args?: Record<string, unknown>): string {
  const message = key.split('.').reduce<unknown>((node, part) => (node as Record<string, unknown> | undefined)?.[part], texts);

  if (typeof message !== 'string') {
    if (key.startsWith('harvesterVmBackup.')) {
      throw new Error(`no text for "${ key }" in l10n/en-us.yaml`);
    }

    return key;
  }

  return String(new IntlMessageFormat(message, 'en').format(args as Record<string, string>));
}

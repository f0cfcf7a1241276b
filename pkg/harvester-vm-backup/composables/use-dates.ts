import day from 'dayjs';
import { useStore } from 'vuex';
import { DATE_FORMAT, TIME_FORMAT } from '@shell/store/prefs';

/** Instants in the person's own format. */
export function useDates() {
  const store = useStore();

  return {
    /** An RFC 3339 instant in local time, with milliseconds where it has them; empty for none. */
    instant(value: string | undefined): string {
      if (!value) {
        return '';
      }
      const format = `${ store.getters['prefs/get'](DATE_FORMAT) } ${ store.getters['prefs/get'](TIME_FORMAT) }`;
      const milliseconds = /\.(\d{3})/.exec(value);

      return milliseconds && milliseconds[1] !== '000' ? `${ day(value).format(format) } (.${ milliseconds[1] })` : day(value).format(format);
    },
  };
}

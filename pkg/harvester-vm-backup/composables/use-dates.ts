import day from 'dayjs';
import { useStore } from 'vuex';
import { DATE_FORMAT, TIME_FORMAT } from '@shell/store/prefs';

/** Instants in the person's own format and local time; empty for none. */
export function useDates() {
  const store = useStore();
  const show = (value: string | undefined, refine: (format: string) => string): string => (value ? day(value).format(refine(`${ store.getters['prefs/get'](DATE_FORMAT) } ${ store.getters['prefs/get'](TIME_FORMAT) }`)) : '');

  return {
    instant: (value: string | undefined): string => show(value, (format) => format),
    /** To the millisecond, for what happens within one second. */
    precise: (value: string | undefined): string => show(value, (format) => format.replace('ss', 'ss.SSS')),
  };
}

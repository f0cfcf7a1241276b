import { onBeforeUnmount, ref, watch, type Ref } from 'vue';

/** Milliseconds since the epoch, renewed every second while `live`: running durations grow, and idle pages do no work. */
export function useNow(live: () => boolean): Ref<number> {
  const now = ref(Date.now());
  let timer: ReturnType<typeof setInterval> | undefined;
  const stop = () => clearInterval(timer);

  watch(live, (running) => {
    stop();
    now.value = Date.now();
    if (running) {
      timer = setInterval(() => {
        now.value = Date.now();
      }, 1000);
    }
  }, { immediate: true });
  onBeforeUnmount(stop);

  return now;
}

import { createPinia, setActivePinia, type Pinia } from 'pinia';

/**
 * The extension's own pinia: the host installs none, and an extension must not install plugins into the host's app.
 * Stores are taken with `useX(pinia)`, so that no other extension's pinia can be active by accident.
 */
export const pinia: Pinia = createPinia();

setActivePinia(pinia);

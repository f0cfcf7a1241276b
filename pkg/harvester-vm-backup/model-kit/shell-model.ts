import SteveModel from '@shell/plugins/steve/steve-class';
import type { SchemaLike } from '../composables/schemas';
import type { RouteLocationRaw, Router } from 'vue-router';

/** One entry of an object's action menu. */
export interface MenuAction { action?: string; label?: string; icon?: string; enabled?: boolean; bulkable?: boolean; bulkAction?: string; divider?: boolean; weight?: number; altAction?: string }

/** What we use of the shell's class of API objects; its own type declarations are incomplete. */
export interface ShellModel<Spec, Status> {
  id: string;
  type: string;
  metadata?: { name: string; namespace?: string; uid?: string; resourceVersion?: string; creationTimestamp?: string; deletionTimestamp?: string };
  spec?: Spec;
  status?: Status;
  get nameDisplay(): string;
  get nameSort(): string;
  get stateObj(): { name: string; error: boolean; transitioning: boolean };
  get canCreate(): boolean;
  get canUpdate(): boolean;
  get canEditYaml(): boolean;
  get canCustomEdit(): boolean;
  get state(): string;
  get stateDisplay(): string;
  get stateColor(): string;
  get stateBackground(): string;
  get stateSort(): string;
  get stateDescription(): string;
  get listLocation(): RouteLocationRaw;
  get _detailLocation(): RouteLocationRaw;
  get _availableActions(): MenuAction[];
  readonly $rootGetters: {
    (key: string): unknown;
    productId: string;
    clusterId: string;
    'i18n/t': (key: string, args?: object) => string;
  };
  readonly $getters: { schemaFor: (type: string) => SchemaLike | undefined };
  $dispatch: <T = unknown>(action: string, payload?: unknown, options?: { root: boolean }) => Promise<T>;
  hasLink: (name: string) => boolean;
  patch: (operations: readonly object[]) => Promise<unknown>;
  currentRouter: () => Router;
}

/** The shell's class of API objects with the types that we rely on. */
export function shellModel<Spec, Status>(): new (data: object, context: object) => ShellModel<Spec, Status> {
  return SteveModel as unknown as new (data: object, context: object) => ShellModel<Spec, Status>;
}

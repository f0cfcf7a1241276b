import type { RouteLocationRaw } from 'vue-router';
import type { Failure } from '../../../server/contract/failures.ts';
import { resourceRoute, type Place } from '../config/routes';
import { shellModel, type MenuAction } from './shell-model';
import { badgeClass, toneOf, type Tone } from '../domain/tone';

/** Actions of the shell that make sense for objects whose spec is not edited by hand. */
const KEPT_ACTIONS = ['showConfiguration', 'goToViewYaml', 'goToEditYaml', 'download', 'viewInApi', 'promptRemove'];
const STATE_ORDER: Record<Tone, number> = {
  error: 1, warning: 2, info: 3, muted: 4, success: 5
};

/** What the status of every kind of ours has in common. */
interface PhasedStatus { phase: string; failure?: Failure; message?: string }

/**
 * What our objects have in common on screen: a state that is the phase, links that stay inside the product which the
 * person is in, and an action menu of our own verbs followed by YAML, download and delete.
 */
export default class PhasedModel<Spec = unknown, Status extends PhasedStatus = PhasedStatus> extends shellModel<unknown, PhasedStatus>() {
  declare spec?: Spec;

  declare status?: Status;

  /** Our phases; an object that the server has not seen yet is pending. */
  get phase(): string {
    return this.metadata?.deletionTimestamp ? 'Deleting' : this.status?.phase ?? 'Pending';
  }

  get tone(): Tone {
    return toneOf(this.phase);
  }

  // The shell's own name getters look through many fields and do natural sorting; over ten thousand rows that is felt.
  get nameDisplay(): string {
    return this.metadata?.name ?? '';
  }

  get nameSort(): string {
    return this.nameDisplay;
  }

  get state(): string {
    return this.phase;
  }

  /** Plain, so that the shell puts no banner of its own above our pages, which say what went wrong and what to do about it. */
  get stateObj(): { name: string; error: boolean; transitioning: boolean } {
    return { name: this.phase, error: false, transitioning: false };
  }

  get stateDisplay(): string {
    return this.text(`phase.${ this.phase }`);
  }

  get stateColor(): string {
    return badgeClass(this.tone).replace('bg-', 'text-');
  }

  get stateBackground(): string {
    return badgeClass(this.tone);
  }

  /** Failures first, then what needs a person, then what is at work. */
  get stateSort(): string {
    return `${ STATE_ORDER[this.tone] } ${ this.phase }`;
  }

  get stateDescription(): string {
    return this.status?.failure?.message ?? this.status?.message ?? '';
  }

  /** There is a form to create our objects but none to edit them: the shell's configuration drawer then shows the YAML only. */
  get canCustomEdit(): boolean {
    return false;
  }

  get disableResourceDetailDrawerConfigTab(): boolean {
    return true;
  }

  get canUpdate(): boolean {
    return this.hasLink('update');
  }

  get listLocation(): RouteLocationRaw {
    return resourceRoute(this.place, { type: this.type });
  }

  get _detailLocation(): RouteLocationRaw {
    return resourceRoute(this.place, { type: this.type, namespace: this.metadata?.namespace, name: this.metadata?.name });
  }

  get parentLocationOverride(): RouteLocationRaw {
    return this.listLocation;
  }

  get doneOverride(): RouteLocationRaw {
    return this.listLocation;
  }

  get doneRoute(): string {
    return (this.listLocation as { name: string }).name;
  }

  /** Verbs of the kind, shown above the shell's own. */
  get ownActions(): MenuAction[] {
    return [];
  }

  get _availableActions(): MenuAction[] {
    const shells = super._availableActions.filter(({ action }) => action && KEPT_ACTIONS.includes(action));
    const [removal, others] = [shells.filter(({ action }) => action === 'promptRemove'), shells.filter(({ action }) => action !== 'promptRemove')];

    return [...this.ownActions, { divider: true }, ...others, { divider: true }, ...removal];
  }

  get place(): Place {
    return { product: this.$rootGetters.productId, cluster: this.$rootGetters.clusterId };
  }

  text(key: string, args?: Record<string, string | number>): string {
    return this.$rootGetters['i18n/t'](`harvesterVmBackup.${ key }`, args);
  }

  /** Shows what went wrong with an action that has no form of its own. */
  growl(reason: unknown): void {
    this.$dispatch('growl/fromError', { title: this.text('actions.failed', { name: this.nameDisplay }), err: (reason as { data?: unknown })?.data ?? reason }, { root: true });
  }
}

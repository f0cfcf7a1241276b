import { reactive } from 'vue';
import { createStore, type Store } from 'vuex';
import { translate } from './texts';

/** An object of the fake API. */
export interface FakeObject { id: string; type: string; metadata: { name: string; namespace?: string; [field: string]: unknown }; [field: string]: unknown }

/** What may be done with a kind; no entry means that Steve does not even tell of it. */
export type Methods = readonly string[];

const READ_WRITE: Methods = ['GET', 'POST'];

/**
 * The shell's store as far as our pages use it, over objects in memory. Whoever creates or removes an object through
 * it is seen by every page at once, as with the real store's watch.
 */
export class FakeSteve {
  readonly objects = reactive(new Map<string, FakeObject[]>());
  readonly schemas = new Map<string, Methods>();
  /** Every object that was created, in order, as it was sent. */
  readonly created: FakeObject[] = [];
  readonly removed: string[] = [];
  readonly patches: { id: string; operations: readonly object[] }[] = [];
  /** Called before an object is created; throws to refuse it. */
  admit: (body: FakeObject) => void = () => undefined;
  /** Called before a list is read; throws to fail it. */
  list: (type: string) => void = () => undefined;

  /** Adds a kind with its objects. */
  kind(type: string, objects: object[] = [], methods: Methods = READ_WRITE): this {
    this.schemas.set(type, methods);
    this.objects.set(type, (objects as FakeObject[]).map((object) => this.#model(type, object)));

    return this;
  }

  all(type: string): FakeObject[] {
    return this.objects.get(type) ?? [];
  }

  byId(type: string, id: string): FakeObject | undefined {
    return this.all(type).find((object) => object.id === id);
  }

  /** The vuex store for `mount`'s global plugins. */
  store(): Store<unknown> {
    return createStore({
      getters: {
        productId:               () => 'harvester-vm-backup',
        clusterId:               () => 'local',
        currentProduct:          () => ({ inStore: 'cluster' }),
        currentStore:            () => () => 'cluster',
        'i18n/t':                () => translate,
        'i18n/exists':           () => () => true,
        'i18n/withFallback':     () => (key: string, _args: unknown, fallback: string) => fallback ?? key,
        'prefs/get':             () => (key: string) => (key === 'date-format' ? 'YYYY-MM-DD' : 'HH:mm:ss'),
        'cluster/schemaFor':     () => (type: string) => (this.schemas.has(type) ? { id: type, collectionMethods: this.schemas.get(type) } : undefined),
        'cluster/all':           () => (type: string) => this.all(type),
        'cluster/byId':          () => (type: string, id: string) => this.byId(type, id),
      },
      actions: {
        'cluster/findAll': (_context, { type }: { type: string }) => {
          this.list(type);

          return this.all(type);
        },
        'cluster/find':                        (_context, { type, id }: { type: string; id: string }) => this.byId(type, id),
        'cluster/create':                      (_context, body: FakeObject) => ({ ...body, save: () => this.#save(body) }),
        'cru-resource/setCreateNamespace':     () => undefined,
        'growl/success':                       () => undefined,
      },
      modules: { 'cru-resource': { namespaced: true, state: { createNamespace: false } } },
    });
  }

  async #save(body: FakeObject): Promise<FakeObject> {
    this.created.push(JSON.parse(JSON.stringify(body)));
    this.admit(body);
    const object = this.#model(body.type, body);

    this.objects.set(body.type, [...this.all(body.type), object]);

    return object;
  }

  #model(type: string, object: FakeObject): FakeObject {
    const { name, namespace } = object.metadata;
    const id = namespace ? `${ namespace }/${ name }` : name;

    return reactive({
      nameDisplay: name,
      canUpdate:   true,
      ...object,
      id,
      type,
      remove:      async() => {
        this.removed.push(id);
        this.objects.set(type, this.all(type).filter((other) => other.id !== id));
      },
      patch:   async(operations: readonly object[]) => this.patches.push({ id, operations }),
      approve: async(hash: string) => this.patches.push({ id, operations: [{ op: 'add', path: '/spec/approvedPlan', value: hash }] }),
    });
  }
}

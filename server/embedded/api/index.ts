/**
 * Entry of the in-process Kubernetes API server.
 *
 *   const api = createApiServer({ memory: true, tokens: { secret: { user: 'admin', groups: ['system:masters'] } } });
 *   const url = await api.listen(0);
 *   …
 *   await api.close();
 */
export { createApiServer } from './server.ts';
export { systemClock } from './clock.ts';
export { ApiError } from './status.ts';
export type { Store, StoreEvent, StoreListener } from './store.ts';
export type { TypeRegistry } from './registry.ts';
export type { ResourceType } from './resource-type.ts';
export type {
  AggregatedHandler, AggregatedRequest, AggregatedResource, AggregatedResponse, ApiClock, ApiLog, ApiServer, ApiServerOptions,
  Decision, DirectRequest, DirectResponse, HookVerdict, Identity, JsonObject, KubeObject, LogProvider, LogRequest, ObjectMeta,
  OwnerReference, RequestAttributes, RequestEvent, RequestHook,
} from './types.ts';

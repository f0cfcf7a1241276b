/** `POST pods/<name>/binding`: how a scheduler puts a pod on a node. */
import type { Core } from './core.ts';
import type { JsonObject, KubeObject } from './types.ts';
import type { ResourceType } from './resource-type.ts';
import { ApiError, conflict, successStatus } from './status.ts';
import { formatTime, getPath, isObject, omit } from './object.ts';
import { storeChanged } from './write.ts';

const BINDING = { group: '', name: 'pods/binding' };

/** Puts the pod on the node that the body (a Binding) names. Throws 409 when it is on a node, or being deleted. */
export function bindPod(core: Core, type: ResourceType, pod: KubeObject, body: unknown): JsonObject {
  const node = isObject(body) ? getPath(body, ['target', 'name']) : undefined;
  const { name } = pod.metadata;
  const spec = isObject(pod.spec) ? pod.spec : {};
  const status = isObject(pod.status) ? pod.status : {};

  if (typeof node !== 'string' || node === '') throw new ApiError(500, '', 'target.name: Required value');
  if (pod.metadata.deletionTimestamp) throw conflict(BINDING, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if (typeof spec.nodeName === 'string' && spec.nodeName !== '') throw conflict(BINDING, name, `pod ${name} is already assigned to node ${JSON.stringify(spec.nodeName)}`);
  const others = (Array.isArray(status.conditions) ? status.conditions : []).filter(isObject).filter((condition) => condition.type !== 'PodScheduled');
  const scheduled = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: formatTime(core.clock.now()) };

  storeChanged(core, type, { ...pod, spec: { ...spec, nodeName: node }, status: { ...status, conditions: [...others, scheduled] } });
  return { ...omit(successStatus({}), ['details']), code: 201 };
}

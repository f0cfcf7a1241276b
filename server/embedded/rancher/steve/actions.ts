import type { ResourceType } from '../../api/index.ts';
import type { Reply } from '../http.ts';
import type { SteveContext } from './types.ts';
import { ApiError } from '../../api/index.ts';
import { isObject } from '../../api/object.ts';
import { notFoundReply } from '../http.ts';

/** Harvester's actions on a VM and the KubeVirt subresource that does the same. */
const VM_ACTIONS: ReadonlySet<string> = new Set(['start', 'stop', 'restart']);

/** Performs an action (`?action=start`) on an object as the user. Throws ApiError for what the API refuses. */
export async function runAction(context: SteveContext, type: ResourceType, namespace: string | undefined, name: string, action: string): Promise<Reply> {
  if (type.group !== 'kubevirt.io' || type.plural !== 'virtualmachines' || !VM_ACTIONS.has(action)) return notFoundReply(`action "${action}"`);
  const url = `/apis/subresources.kubevirt.io/v1/namespaces/${encodeURIComponent(namespace ?? '')}/virtualmachines/${encodeURIComponent(name)}/${action}`;
  const answer = await context.api.request(context.identity, { method: 'PUT', url, body: {} });

  if (answer.status >= 400) {
    const status = isObject(answer.body) ? answer.body : {};

    throw new ApiError(answer.status, String(status['reason'] ?? 'InternalError'), String(status['message'] ?? `the action "${action}" was answered with ${answer.status}`));
  }

  return { status: 204 };
}

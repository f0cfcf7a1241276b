import { API_VERSION, VM_RESTORE } from '../contract/api.ts';
import { approveSchema, createRestoreSchema, emptySchema, objectReferenceSchema } from '../contract/http.ts';
import { ANNOTATION_REQUESTED_BY } from '../contract/names.ts';
import type { VMRestore } from '../contract/vm-restore.ts';
import { isRestoreTerminal } from '../domain/phases.ts';
import { asCaller, nameOf, type ClientOf } from './caller.ts';
import { Problem } from './problem.ts';
import { keyOfPath, referenceOf } from './reference.ts';
import { route, type Route } from './route.ts';

const WRITE_PROBLEMS = ['HVB-HTTP-NOT-FOUND', 'HVB-HTTP-CONFLICT', 'HVB-HTTP-REJECTED'] as const;

/** What a caller may do with restores, by their own right. */
export function restoreRoutes(clientOf: ClientOf): Route[] {
  return [
    route({
      method: 'POST', path: '/v1/namespaces/{namespace}/restores', access: 'write', operationId: 'createRestore', summary: 'Ask for a restore: it is planned, and waits until its plan is approved',
      body: createRestoreSchema, answer: { status: 201, schema: objectReferenceSchema }, problems: WRITE_PROBLEMS,
      handle: ({ params, body: { name, spec }, token }) => asCaller(clientOf, token, async (client) => {
        const metadata = { namespace: params.namespace ?? '', name: name ?? '', ...(name === undefined ? { generateName: `${spec.target.name}-` } : {}), annotations: { [ANNOTATION_REQUESTED_BY]: await nameOf(client) } };

        return { status: 201, json: referenceOf(await client.create<VMRestore>(VM_RESTORE, { apiVersion: API_VERSION, kind: 'VMRestore', metadata, spec })) };
      }),
    }),
    route({
      method: 'POST', path: '/v1/namespaces/{namespace}/restores/{name}/approve', access: 'write', operationId: 'approveRestore', summary: 'Let the plan run that has this hash',
      body: approveSchema, answer: { status: 202, schema: objectReferenceSchema }, problems: [...WRITE_PROBLEMS, 'HVB-HTTP-PLAN-CHANGED'],
      handle: ({ params, body: { planHash }, token }) => asCaller(clientOf, token, async (client) => {
        const key = keyOfPath(params);
        const restore = await client.get<VMRestore>(VM_RESTORE, key);

        checkApproval(restore, planHash);
        // Bound to what was read: a new plan in between makes it a conflict.
        const { uid, resourceVersion } = restore.metadata;

        return { status: 202, json: referenceOf(await client.patch<VMRestore>(VM_RESTORE, key, { metadata: { uid, resourceVersion }, spec: { approvedPlan: planHash } })) };
      }),
    }),
    route({
      method: 'POST', path: '/v1/namespaces/{namespace}/restores/{name}/cancel', access: 'write', operationId: 'cancelRestore', summary: 'Stop a running restore; what it made is rolled back',
      body: emptySchema, answer: { status: 202, schema: objectReferenceSchema }, problems: [...WRITE_PROBLEMS, 'HVB-HTTP-ALREADY-ENDED'],
      handle: ({ params, token }) => asCaller(clientOf, token, async (client) => {
        const key = keyOfPath(params);
        const { status, metadata: { uid } } = await client.get<VMRestore>(VM_RESTORE, key);

        if (isRestoreTerminal(status?.phase ?? 'Pending')) throw new Problem('HVB-HTTP-ALREADY-ENDED', `The restore ${key.namespace}/${key.name} is ${status?.phase} already.`);
        return { status: 202, json: referenceOf(await client.patch<VMRestore>(VM_RESTORE, key, { metadata: { uid }, spec: { cancel: true } })) };
      }),
    }),
  ];
}

/** @throws Problem when there is no plan to approve, or when it is another one than the caller looked at */
function checkApproval({ metadata: { namespace, name }, spec, status }: VMRestore, planHash: string): void {
  const plan = status?.plan;

  if (!plan) throw new Problem('HVB-HTTP-CONFLICT', `The restore ${namespace}/${name} has no plan yet; it is ${status?.phase ?? 'Pending'}.`);
  if (plan.hash !== planHash) throw new Problem('HVB-HTTP-PLAN-CHANGED', `The plan of the restore ${namespace}/${name} has the hash ${plan.hash}, not the one that was approved.`);
  // Asking once more for what was approved is no mistake.
  if (status.phase !== 'AwaitingApproval' && spec.approvedPlan !== planHash) throw new Problem('HVB-HTTP-CONFLICT', `The restore ${namespace}/${name} does not wait for an approval: it is ${status.phase}.`);
}

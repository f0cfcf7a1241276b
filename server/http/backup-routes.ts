import { API_VERSION, VM_BACKUP } from '../contract/api.ts';
import { createBackupSchema, emptySchema, objectReferenceSchema } from '../contract/http.ts';
import { ANNOTATION_REQUESTED_BY } from '../contract/names.ts';
import type { VMBackup } from '../contract/vm-backup.ts';
import { isBackupTerminal } from '../domain/phases.ts';
import { asCaller, nameOf, type ClientOf } from './caller.ts';
import { Problem } from './problem.ts';
import { keyOfPath, referenceOf } from './reference.ts';
import { route, type Route } from './route.ts';

const WRITE_PROBLEMS = ['HVB-HTTP-NOT-FOUND', 'HVB-HTTP-CONFLICT', 'HVB-HTTP-REJECTED'] as const;

/** What a caller may do with backups, by their own right. */
export function backupRoutes(clientOf: ClientOf): Route[] {
  return [
    route({
      method: 'POST', path: '/v1/namespaces/{namespace}/backups', access: 'write', operationId: 'createBackup', summary: 'Ask for a backup of a VM',
      body: createBackupSchema, answer: { status: 201, schema: objectReferenceSchema }, problems: WRITE_PROBLEMS,
      handle: ({ params, body: { name, spec }, token }) => asCaller(clientOf, token, async (client) => {
        const metadata = { namespace: params.namespace ?? '', name: name ?? '', ...(name === undefined ? { generateName: `${spec.source.name}-` } : {}), annotations: { [ANNOTATION_REQUESTED_BY]: await nameOf(client) } };

        return { status: 201, json: referenceOf(await client.create<VMBackup>(VM_BACKUP, { apiVersion: API_VERSION, kind: 'VMBackup', metadata, spec })) };
      }),
    }),
    route({
      method: 'POST', path: '/v1/namespaces/{namespace}/backups/{name}/cancel', access: 'write', operationId: 'cancelBackup', summary: 'Stop a running backup; what it made is cleaned up',
      body: emptySchema, answer: { status: 202, schema: objectReferenceSchema }, problems: [...WRITE_PROBLEMS, 'HVB-HTTP-ALREADY-ENDED'],
      handle: ({ params, token }) => asCaller(clientOf, token, async (client) => {
        const key = keyOfPath(params);
        const { status, metadata: { uid } } = await client.get<VMBackup>(VM_BACKUP, key);

        if (isBackupTerminal(status?.phase ?? 'Pending')) throw new Problem('HVB-HTTP-ALREADY-ENDED', `The backup ${key.namespace}/${key.name} is ${status?.phase} already.`);
        return { status: 202, json: referenceOf(await client.patch<VMBackup>(VM_BACKUP, key, { metadata: { uid }, spec: { cancel: true } })) };
      }),
    }),
    route({
      method: 'DELETE', path: '/v1/namespaces/{namespace}/backups/{name}', access: 'write', operationId: 'deleteBackup',
      summary: 'Delete a backup; with deletionPolicy Delete its data in the repository goes too, before the object does',
      answer: { status: 202, schema: objectReferenceSchema }, problems: WRITE_PROBLEMS,
      handle: ({ params, token }) => asCaller(clientOf, token, async (client) => {
        const key = keyOfPath(params);
        const backup = await client.get<VMBackup>(VM_BACKUP, key);

        // Just the one that was found: another of the same name that came in between is not meant.
        await client.delete(VM_BACKUP, key, backup.metadata.uid ? { uid: backup.metadata.uid } : {});
        return { status: 202, json: referenceOf(backup) };
      }),
    }),
  ];
}

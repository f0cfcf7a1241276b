import { GROUP, SECRET } from '../../contract/api.ts';
import { failureSchema, type Failure } from '../../contract/failures.ts';
import type { Secret } from '../../contract/kubernetes.ts';
import { resultSchema, type MoverResult } from '../../contract/mover-protocol.ts';
import { SYSTEM_NAMESPACE } from '../../contract/names.ts';
import { operationLabels, type OperationRef } from '../../expose/operation-labels.ts';
import { isApiError, type KubeClient } from '../../kube/client.ts';
import { hashedName } from '../../kube/objects.ts';
import type { SealKeyPair } from '../../mover/seal.ts';

/** Entries of an operation's Secret. The keys stay out of the pod: only the first two are mounted. */
export const ENTRY_REQUEST = 'request.json';
export const ENTRY_DOCUMENT = 'document.json';
const ENTRY_PRIVATE_KEY = 'private-key';
const ENTRY_PUBLIC_KEY = 'public-key';

const ANNOTATION_FAILURE = `${GROUP}/failure`;
const ANNOTATION_RESULT = `${GROUP}/result`;

/** Name of the Secret and of the Job of an operation: both follow from its id alone. */
export function operationName({ id }: Pick<OperationRef, 'id'>): string {
  return hashedName('hvb-op', id);
}

/**
 * The memory of an operation: a Secret that is made first and removed last. It holds what the pod mounts, and how the
 * operation ended, so that an end once reported stays the same until everything was released.
 */
export interface OperationRecord {
  readonly secret: Secret;
  readonly failure: Failure | undefined;
  readonly result: MoverResult | undefined;
  /** One-time keys of the operation, for sealed documents only. */
  readonly keys: SealKeyPair | undefined;
  readonly hasRequest: boolean;
}

const key = (operation: OperationRef) => ({ namespace: SYSTEM_NAMESPACE, name: operationName(operation) });

function annotation<T>(secret: Secret, name: string, parse: (value: unknown) => T): T | undefined {
  const text = secret.metadata.annotations?.[name];

  return text === undefined ? undefined : parse(JSON.parse(text));
}

function recordOf(secret: Secret): OperationRecord {
  const { [ENTRY_PRIVATE_KEY]: privateKey, [ENTRY_PUBLIC_KEY]: publicKey } = secret.data ?? {};

  return {
    secret,
    failure: annotation(secret, ANNOTATION_FAILURE, (value) => failureSchema.parse(value)),
    result: annotation(secret, ANNOTATION_RESULT, (value) => resultSchema.parse(value)),
    keys: privateKey && publicKey ? { privateKey: Buffer.from(privateKey, 'base64'), publicKey: Buffer.from(publicKey, 'base64') } : undefined,
    hasRequest: secret.data?.[ENTRY_REQUEST] !== undefined,
  };
}

/** Reads the record, or makes it. @param makeKeys for a new record; one that exists keeps its own */
export async function openRecord(client: KubeClient, operation: OperationRef, makeKeys: () => SealKeyPair | undefined): Promise<OperationRecord> {
  const found = await client.find<Secret>(SECRET, key(operation));

  if (found) {
    return recordOf(found);
  }
  const keys = makeKeys();

  try {
    return recordOf(await client.create<Secret>(SECRET, {
      apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: { ...key(operation), labels: operationLabels(operation) },
      data: keys ? { [ENTRY_PRIVATE_KEY]: keys.privateKey.toString('base64'), [ENTRY_PUBLIC_KEY]: keys.publicKey.toString('base64') } : {},
    }));
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists')) {
      throw error;
    }

    return recordOf(await client.get<Secret>(SECRET, key(operation)));
  }
}

/** Puts what the pod mounts into the record. @param entries text by entry name */
export async function writeEntries(client: KubeClient, operation: OperationRef, entries: Record<string, string>): Promise<void> {
  const data = Object.fromEntries(Object.entries(entries).map(([name, text]) => [name, Buffer.from(text).toString('base64')]));

  await client.patch(SECRET, key(operation), { data });
}

/** Keeps how the operation failed. Failures never hold secret data, so an annotation is the place. */
export async function keepFailure(client: KubeClient, operation: OperationRef, failure: Failure): Promise<void> {
  await client.patch(SECRET, key(operation), { metadata: { annotations: { [ANNOTATION_FAILURE]: JSON.stringify(failure) } } });
}

/** Keeps the result of a mover whose pod has to go before the operation is over. */
export async function keepResult(client: KubeClient, operation: OperationRef, result: MoverResult): Promise<void> {
  await client.patch(SECRET, key(operation), { metadata: { annotations: { [ANNOTATION_RESULT]: JSON.stringify(result) } } });
}

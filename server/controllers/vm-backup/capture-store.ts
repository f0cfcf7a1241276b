import { SECRET } from '../../contract/api.ts';
import type { Secret } from '../../contract/kubernetes.ts';
import { LABEL_OWNER_KIND, LABEL_OWNER_UID } from '../../contract/names.ts';
import type { VMBackup } from '../../contract/vm-backup.ts';
import type { Capture } from '../../domain/backup/document.ts';
import { isApiError, type KubeClient } from '../../kube/client.ts';
import { hashedName } from '../../kube/objects.ts';
import { uidOf } from './operations.ts';

const ENTRY = 'capture.json';

/**
 * Keeps the captured VM between the cut and the commit: in a Secret of the system namespace, as it holds the values of the
 * VM's Secrets, so that the server can be killed in between and tenants never see it.
 */
export class CaptureStore {
  readonly #client: KubeClient;
  readonly #namespace: string;

  constructor(client: KubeClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** Writes it, over an older one of the same backup (an attempt that was given up). */
  async put(backup: VMBackup, captured: Capture): Promise<void> {
    const data = { [ENTRY]: Buffer.from(JSON.stringify(captured)).toString('base64') };
    const secret: Secret = {
      apiVersion: 'v1', kind: 'Secret', type: 'Opaque', data,
      metadata: { ...this.#key(backup), labels: { [LABEL_OWNER_UID]: uidOf(backup), [LABEL_OWNER_KIND]: 'VMBackup' } },
    };

    try {
      await this.#client.create(SECRET, secret);
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error;
      await this.#client.patch(SECRET, this.#key(backup), { data });
    }
  }

  /** `undefined` when there is none. */
  async get(backup: VMBackup): Promise<Capture | undefined> {
    const entry = (await this.#client.find<Secret>(SECRET, this.#key(backup)))?.data?.[ENTRY];

    return entry === undefined ? undefined : JSON.parse(Buffer.from(entry, 'base64').toString()) as Capture;
  }

  /** Nothing to delete is success. */
  async delete(backup: VMBackup): Promise<void> {
    await this.#client.delete(SECRET, this.#key(backup));
  }

  #key(backup: VMBackup): { namespace: string; name: string } {
    return { namespace: this.#namespace, name: hashedName('capture', backup.metadata.name, uidOf(backup)) };
  }
}

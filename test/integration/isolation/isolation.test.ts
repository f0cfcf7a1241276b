import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PV, POD, SECRET } from '../../../server/contract/api.ts';
import type { PersistentVolume, Pod, Secret } from '../../../server/contract/kubernetes.ts';
import { SYSTEM_NAMESPACE } from '../../../server/contract/names.ts';
import { waitFor } from '../../support/wait.ts';
import { everyObject, type ApiAddress, type FoundObject } from '../../support/every-object.ts';
import { ask } from '../../support/http-ask.ts';
import { processesBelow, type SeenProcess } from '../../support/processes.ts';
import { Product } from '../../support/product.ts';

/** Planted in the repository's key: whoever has it reads every backup. */
const KEY = 'canary-key-6f1d0c';
/** Planted in a Secret of the VM that is backed up, and in one of another VM's namespace that has nothing to do with it. */
const VM_SECRET = 'canary-vm-9b27e4';
const OTHER_SECRET = 'canary-other-41aa8d';
/** Pages of the server's HTTP API that a person can open. */
const PAGES = ['/v1/activity', '/v1/repositories', '/v1/repositories/main/contents', '/v1/report', '/v1/report?format=csv', '/v1/support-bundle', '/metrics', '/openapi.json', '/version', '/healthz', '/readyz'];

/** A text, and its other faces in JSON, URLs and base64 at each of the three alignments. */
function faces(text: string): string[] {
  const aligned = [0, 1, 2].map((shift) => Buffer.from(`${'x'.repeat(shift)}${text}`).toString('base64').slice(shift === 0 ? 0 : shift + 1, -4));

  return [text, ...aligned, encodeURIComponent(text), Buffer.from(text).toString('hex')];
}

/** Names of those texts that have one of the canaries in them. */
function leaks(texts: Iterable<[where: string, text: string]>, canaries: readonly string[]): string[] {
  return [...texts].filter(([, text]) => canaries.some((canary) => text.includes(canary))).map(([where]) => where);
}

describe('secrets during and after a backup and a restore into another namespace', () => {
  let product: Product;
  let api: ApiAddress;
  let canaries: string[];
  const objects = new Map<string, FoundObject>();
  const processes = new Map<number, SeenProcess>();
  const movers: Pod[] = [];
  const handedOver: PersistentVolume[] = [];

  /** Looks at everything again and again until `work` is done: temporary objects and processes live for moments. */
  async function watchWhile(work: Promise<unknown>): Promise<void> {
    let over = false;
    const done = work.finally(() => { over = true; });
    const objectsSeen = async (): Promise<void> => {
      while (!over) for (const object of await everyObject(api)) objects.set(`${object.kind} ${object.namespace}/${object.name} ${object.text.length}`, object);
    };
    const processesSeen = async (): Promise<void> => {
      while (!over) for (const one of await processesBelow(product.cluster.folder)) processes.set(one.pid, one);
    };
    const moversSeen = async (): Promise<void> => {
      while (!over) {
        movers.push(...(await product.cluster.client.list<Pod>(POD)).items);
        handedOver.push(...(await product.cluster.client.list<PersistentVolume>(PV)).items);
      }
    };

    await Promise.all([done, objectsSeen(), processesSeen(), moversSeen()]);
  }

  beforeAll(async () => {
    product = await Product.start();
    const { client, url, ca, tokens } = product.cluster;

    api = { url, ca, token: tokens.admin };
    canaries = [KEY, VM_SECRET, OTHER_SECRET, tokens.server, tokens.admin].flatMap(faces);
    await product.cluster.machineReady('web', 'shop');
    const cloudInit = await client.get<Secret>(SECRET, { namespace: 'web', name: 'shop-cloud-init' });

    await client.replace<Secret>(SECRET, { ...cloudInit, stringData: { userdata: `#cloud-config\npassword: ${VM_SECRET}\n` } });
    await client.create<Secret>(SECRET, { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'office', name: 'payroll' }, stringData: { password: OTHER_SECRET } });
    await product.repository({ password: KEY });
    await product.backUp({ name: 'b' });
    await watchWhile(product.backupPhase('b', 'Completed'));
    await product.restore({ name: 'r', backup: 'b', target: 'copy' });
    await watchWhile(product.restorePhase('r', 'Completed'));
    await product.clean();
    for (const object of await everyObject(api)) objects.set(`${object.kind} ${object.namespace}/${object.name} ${object.text.length}`, object);
  });
  afterAll(() => product.stop());

  it('given every object of every kind, at every moment, when searched, then the canaries are in Secrets alone', () => {
    const all = [...objects.values()];

    // What was looked at has to be worth the name: Jobs, pods, events and our own kinds came by.
    expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set([...new Set(all.map(({ kind }) => kind)), 'Job', 'Pod', 'Event', 'VMBackup', 'VMRestore', 'BackupRepository', 'PersistentVolume', 'VolumeSnapshot', 'Lease']));
    expect(leaks(all.filter(({ kind }) => kind !== 'Secret').map(({ kind, namespace, name, text }) => [`${kind} ${namespace}/${name}`, text]), canaries)).toEqual([]);
  });

  it('given the Secrets of tenants’ namespaces, when searched, then no key of a repository is there, and a VM’s Secret only where that VM is', () => {
    const tenants = [...objects.values()].filter(({ kind, namespace }) => kind === 'Secret' && namespace !== SYSTEM_NAMESPACE);
    const holders = (canary: string): string[] => [...new Set(leaks(tenants.map(({ namespace, name, text }) => [`${namespace}/${name}`, text]), faces(canary)))].sort();

    expect(holders(KEY)).toEqual([]);
    expect(holders(OTHER_SECRET)).toEqual(['office/payroll']);
    expect(holders(VM_SECRET)).toHaveLength(2);
    expect(holders(VM_SECRET)).toContain('web/shop-cloud-init');
  });

  it('given the mover and the engine at work, when their arguments and environment are read, then no secret and no Kubernetes token is in them', () => {
    const argv = [...processes.values()].map(({ argv: text }) => text);

    expect(argv.some((text) => text.includes('mover/main.ts'))).toBe(true);
    expect(argv.some((text) => /restic\0/.test(text))).toBe(true);
    expect(leaks([...processes.values()].flatMap(({ pid, argv: text, environment }): [string, string][] => [[`argv of ${pid}`, text], [`environment of ${pid}`, environment]]), canaries)).toEqual([]);
    for (const { environment } of processes.values()) expect(environment).not.toMatch(/KUBE|TOKEN|PASSWORD=/);
  });

  it('given the movers’ pods, when looked at, then all ran in the system namespace, without an account’s token', () => {
    expect(movers.length).toBeGreaterThan(3);
    expect(new Set(movers.map(({ metadata }) => metadata.namespace))).toEqual(new Set([SYSTEM_NAMESPACE]));
    for (const { spec } of movers) {
      expect(spec).toMatchObject({ automountServiceAccountToken: false });
      expect(JSON.stringify(spec.volumes)).not.toMatch(/serviceAccountToken|projected/);
    }
  });

  it('given the volumes, when followed, then each was bound into the system namespace while a mover had it, and restored ones came back to their own', () => {
    const claimants = new Map<string, Set<string>>();

    for (const { metadata, spec } of handedOver) {
      if (!spec.claimRef?.namespace) continue;
      claimants.set(metadata.name, (claimants.get(metadata.name) ?? new Set()).add(spec.claimRef.namespace));
    }
    const journeys = [...claimants.values()].map((namespaces) => [...namespaces].join(' → '));

    expect(journeys).toContain(`web → ${SYSTEM_NAMESPACE}`);
    expect(journeys).toContain(`${SYSTEM_NAMESPACE} → office`);
  });

  it('given the server’s log and every answer of its HTTP API, when searched, then no canary is in them', async () => {
    const texts: [string, string][] = [['log', product.server.log]];

    await waitFor('the server ready', async () => (await ask(product.server.httpUrl, '/readyz')).status === 200);
    for (const page of PAGES) {
      const { status, headers, bytes } = await ask(product.server.httpUrl, page, { headers: { cookie: `R_SESS=${KEY}` } });

      expect([page, status]).toEqual([page, 200]);
      texts.push([page, headers['content-type']?.includes('gzip') ? gunzipSync(bytes).toString('latin1') : bytes.toString()], [`headers of ${page}`, JSON.stringify(headers)]);
    }
    texts.push(['log after', product.server.log]);
    expect(texts.every(([, text]) => text.length > 0)).toBe(true);
    expect(leaks(texts, canaries)).toEqual([]);
  });
});

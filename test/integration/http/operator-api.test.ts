import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SECRET, VM_BACKUP, VM_RESTORE, type ResourceType } from '../../../server/contract/api.ts';
import { activitySchema, HTTP_SERVICE_PROXY_NAME, pageOf, readinessSchema, repositoryContentSchema, repositorySummarySchema, versionSchema, vmReportSchema } from '../../../server/contract/http.ts';
import type { Secret } from '../../../server/contract/kubernetes.ts';
import { ANNOTATION_REQUESTED_BY, SYSTEM_NAMESPACE } from '../../../server/contract/names.ts';
import type { VMBackup } from '../../../server/contract/vm-backup.ts';
import type { VMRestore } from '../../../server/contract/vm-restore.ts';
import { IDENTITIES } from '../../../server/embedded/seed/index.ts';
import { waitFor } from '../../support/cluster.ts';
import { ask, type Answered, type Ask } from '../../support/http-ask.ts';
import { PASSWORD, Product } from '../../support/product.ts';

const run = promisify(execFile);
const ROLE_BINDING: ResourceType = { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'RoleBinding', plural: 'rolebindings', namespaced: true };
const CANARY = 'SESSION-CANARY';

describe('the operator API of the real server', () => {
  let product: Product;
  const api = (path: string, options: Ask = {}): Promise<Answered> => ask(product.server.httpUrl, path, { ...options, headers: { cookie: `R_SESS=${ CANARY }`, ...options.headers } });
  const as = (who: 'admin' | 'viewer'): { token: string } => ({ token: product.cluster.tokens[who] });
  const post = (path: string, who: 'admin' | 'viewer', body: object = {}): Promise<Answered> => api(path, { method: 'POST', ...as(who), body });
  /** Gives what an answer holds, checked against what the contract says it is. */
  const items = async <T>(path: string, schema: { parse(value: unknown): T }): Promise<T> => {
    const { status, text, json } = await api(path);

    if (status !== 200) throw new Error(`${ path } answered ${ status }: ${ text }`);
    return schema.parse(json());
  };

  beforeAll(async () => {
    product = await Product.start({ serverEnv: { HVB_LOG_LEVEL: 'debug' } });
    await product.cluster.machineReady('web', 'shop');
    await waitFor('the server ready', async () => (await api('/readyz')).status === 200);
    await product.repository();
  });

  afterAll(() => product.stop());

  it('given a server that leads, when its probes are asked, then it is alive, ready and the leader', async () => {
    expect((await api('/healthz')).json()).toEqual({ status: 'ok' });
    await waitFor('the leader', async () => readinessSchema.parse((await api('/readyz')).json()).leading);
    expect(versionSchema.parse((await api('/version')).json()).version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('given a token, when a backup is asked for over HTTP, then it is made in that person’s name, seen in activity, report and contents, and is whole', async () => {
    const created = await post('/v1/namespaces/web/backups', 'admin', { name: 'over-http', spec: { source: { name: 'shop' }, repository: 'main' } });

    expect([created.status, created.text]).toEqual([201, expect.stringContaining('"over-http"')]);
    await waitFor('the backup in activity', async () => (await items('/v1/activity?namespace=web', pageOf(activitySchema))).items.find(({ name, requestedBy }) => name === 'over-http' && requestedBy === IDENTITIES.admin.user));
    const backup = await product.backupPhase('over-http', 'Completed');

    expect(backup.metadata.annotations?.[ANNOTATION_REQUESTED_BY]).toBe(IDENTITIES.admin.user);
    const row = await waitFor('the backup in the report', async () => (await items('/v1/report', pageOf(vmReportSchema))).items.find(({ vm, lastGood }) => vm === 'shop' && lastGood?.name === 'over-http'));

    expect(row).toMatchObject({ namespace: 'web', exists: true, goodBackups: 1, failuresSince: 0, lastGood: { consistency: backup.status?.consistency?.level, repository: 'main' } });
    const [content] = (await items('/v1/repositories/main/contents', pageOf(repositoryContentSchema))).items;

    expect(content).toMatchObject({ name: 'over-http', complete: true, documentID: backup.status?.documentID, volumes: backup.status?.volumes?.map(({ name, snapshotID, rootDigest }) => ({ name, snapshotID, rootDigest })) });
    expect((await items('/v1/repositories', pageOf(repositorySummarySchema))).items).toMatchObject([{ name: 'main', ready: true, backupsHere: 1 }]);
    expect((await api('/v1/report?format=csv')).text).toMatch(/^namespace,vm,[^\n]+\r\n(?:[^\n]+\r\n)*web,shop,true,over-http,/);
  });

  it('given a restore over HTTP, when another plan is approved, then nothing happens; when the one that stands there is, then the VM is made', async () => {
    const spec = { source: { backup: { namespace: 'web', name: 'over-http' } }, target: { name: 'copy' }, start: 'Halted', volumes: [{ name: 'rootdisk', storageClassName: 'lvm-thin' }, { name: 'data', storageClassName: 'nfs' }] };

    expect((await post('/v1/namespaces/office/restores', 'admin', { name: 'back', spec })).status).toBe(201);
    const planHash = (await product.restorePhase('back', 'AwaitingApproval')).status?.plan?.hash;

    expect((await post('/v1/namespaces/office/restores/back/approve', 'admin', { planHash: 'another' })).json()).toMatchObject({ code: 'HVB-HTTP-PLAN-CHANGED' });
    expect((await post('/v1/namespaces/office/restores/back/approve', 'admin', { planHash })).status).toBe(202);
    await product.restorePhase('back', 'Completed');
    expect((await post('/v1/namespaces/office/restores/back/cancel', 'admin')).json()).toMatchObject({ code: 'HVB-HTTP-ALREADY-ENDED' });
  });

  it('given somebody without the rights, when they act, then the cluster’s own words say no, and nothing is made', async () => {
    const spec = { source: { name: 'shop' }, repository: 'main' };
    const denied = await post('/v1/namespaces/web/backups', 'viewer', { name: 'no', spec });

    expect(denied.json()).toMatchObject({ status: 403, code: 'HVB-HTTP-FORBIDDEN', detail: expect.stringContaining('User "viewer" cannot create resource "vmbackups"') as string });
    for (const path of ['/v1/namespaces/web/backups/over-http/cancel', '/v1/namespaces/office/restores/back/approve']) expect((await post(path, 'viewer', path.endsWith('approve') ? { planHash: 'x' } : {})).status).toBeGreaterThanOrEqual(403);
    expect((await api('/v1/namespaces/web/backups/over-http', { method: 'DELETE', ...as('viewer'), headers: { 'content-type': 'application/json' } })).json()).toMatchObject({ status: 403, detail: expect.stringContaining('cannot delete resource "vmbackups"') as string });
    expect((await api('/v1/namespaces/web/backups', { method: 'POST', token: 'no-such-token', body: { spec } })).json()).toMatchObject({ status: 401, code: 'HVB-HTTP-TOKEN-REFUSED' });
    expect((await product.cluster.client.list<VMBackup>(VM_BACKUP)).items.map(({ metadata, spec: { cancel } }) => [metadata.name, metadata.deletionTimestamp, cancel])).toEqual([['over-http', undefined, undefined]]);
  });

  it('given a direct read, when the token may not use the service proxy of our Service, then it is refused; when it may, then it is answered', async () => {
    expect((await api('/v1/activity', as('admin'))).status).toBe(200);
    expect((await api('/v1/activity', as('viewer'))).json()).toMatchObject({ status: 403, detail: expect.stringContaining(HTTP_SERVICE_PROXY_NAME) as string });
    await product.cluster.client.create(ROLE_BINDING, {
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { namespace: SYSTEM_NAMESPACE, name: 'viewer-operator' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'harvester-vm-backup-operator' }, subjects: [{ kind: 'User', name: IDENTITIES.viewer.user, apiGroup: 'rbac.authorization.k8s.io' }],
    } as Secret);
    await waitFor('the right', async () => (await api('/v1/activity', as('viewer'))).status === 200);
  });

  it('given a support bundle, when unpacked, then objects, events and the log are there, and no secret of the cluster is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hvb-bundle-'));

    try {
      const { status, headers, bytes } = await api('/v1/support-bundle');

      expect([status, headers['content-type']]).toEqual([200, 'application/gzip']);
      await writeFile(join(folder, 'bundle.tar.gz'), bytes);
      await run('tar', ['-xzf', 'bundle.tar.gz'], { cwd: folder });
      const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
      const names = (await run('tar', ['-tzf', 'bundle.tar.gz'], { cwd: folder })).stdout.trim().split('\n');

      expect(JSON.parse(await read('objects/vmbackups.json'))).toMatchObject([{ metadata: { name: 'over-http' }, status: { phase: 'Completed' } }]);
      expect(JSON.parse(await read('objects/events.json'))).toEqual(expect.arrayContaining([expect.objectContaining({ reason: 'Completed' })]));
      expect(JSON.parse(await read('objects/nodes.json'))).toHaveLength(2);
      expect(await read('server.log')).toContain('"msg":"HTTP server listening"');
      expect(await read('metrics.txt')).toContain('hvb_backups{phase="Completed"} 1');
      expect(await read('problems.txt')).toBe('');
      const all = (await Promise.all(names.map(read))).join('\n');
      const secrets = (await product.cluster.client.list<Secret>(SECRET)).items.flatMap(({ data = {} }) => Object.values(data)).flatMap((value) => [value, Buffer.from(value, 'base64').toString('utf8')]).filter((value) => value.length >= 8);

      expect(secrets).toContain(PASSWORD);
      expect(secrets.filter((value) => all.includes(value))).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('given a deletion over HTTP, when it is done, then the object and its data go', async () => {
    expect((await api('/v1/namespaces/web/backups/over-http', { method: 'DELETE', ...as('admin'), headers: { 'content-type': 'application/json' } })).status).toBe(202);
    await waitFor('the backup gone', async () => await product.cluster.client.find<VMBackup>(VM_BACKUP, { namespace: 'web', name: 'over-http' }) === undefined, { seconds: 120 });
    await waitFor('nothing in the contents', async () => (await items('/v1/repositories/main/contents', pageOf(repositoryContentSchema))).items.length === 0);
  });

  it('given all that was asked with a session’s cookie and tokens, when the log is read at its most talkative, then neither is in it', async () => {
    expect(product.server.log).toContain('"msg":"answered"');
    for (const secret of [CANARY, PASSWORD, ...Object.values(product.cluster.tokens)]) expect(product.server.log.includes(secret)).toBe(false);
    expect((await product.cluster.client.list<VMRestore>(VM_RESTORE)).items).toHaveLength(1);
  });
});

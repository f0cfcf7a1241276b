/**
 * The charts on a real kube-apiserver: each object accepted, and the life of a release with Helm itself. No nodes are there, so
 * nothing runs. ServiceMonitor, PrometheusRule and UIPlugin are kinds of others: stand-ins without a schema take their place.
 */
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dump } from 'js-yaml';
import { FINALIZER_DATA } from '../../../server/contract/names.ts';
import type { Operation } from '../../../server/engines/engine.ts';
import { buildJob } from '../../../server/engines/mover/job.ts';
import { aBackup } from '../../support/builders.ts';
import { CHARTS, EVERYTHING, NAMESPACES, helm, render, setting, type ChartName, type HelmRun, type Rendered } from '../../support/charts.ts';
import { startControlPlane, type ControlPlane } from '../../support/kube/control-plane.ts';

const STAND_INS = [['monitoring.coreos.com', 'v1', 'ServiceMonitor'], ['monitoring.coreos.com', 'v1', 'PrometheusRule'], ['catalog.cattle.io', 'v1', 'UIPlugin']].map(([group = '', version, kind = '']) => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${ kind.toLowerCase() }s.${ group }` },
  spec: {
    group, scope: 'Namespaced', names: { kind, plural: `${ kind.toLowerCase() }s`, singular: kind.toLowerCase(), listKind: `${ kind }List` },
    versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
  },
}));
const SYSTEM = NAMESPACES.server;
/** In what Helm says after a success. */
const DEPLOYED = 'STATUS: deployed';
let plane: ControlPlane;

/** Runs kubectl as administrator. */
function kubectl(args: readonly string[], objects: readonly unknown[] | string = ''): Promise<HelmRun> {
  const child = spawn(plane.kubectl, args, { env: { PATH: process.env['PATH'], HOME: '/nonexistent', KUBECONFIG: plane.kubeconfig }, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';

  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output += text; });
  child.stdin.end(typeof objects === 'string' ? objects : objects.map((object) => dump(object)).join('---\n'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ ok: code === 0, output }));
  });
}

/** The same, for what must work. */
async function kubectlOk(args: readonly string[], objects: readonly unknown[] | string = ''): Promise<string> {
  const { ok, output } = await kubectl(args, objects);

  if (!ok) throw new Error(`kubectl ${ args.join(' ') }: ${ output }`);
  return output;
}

const release = (verb: 'install' | 'upgrade', chart: ChartName, values: object = {}): Promise<HelmRun> =>
  helm([verb, 'harvester-vm-backup', CHARTS[chart], '--namespace', NAMESPACES[chart], verb === 'install' ? '--create-namespace' : '--reset-values', ...setting(values)], { KUBECONFIG: plane.kubeconfig });
const crdsOfChart = async (): Promise<string> => (await helm(['show', 'crds', CHARTS.server])).output;
/** What the message of a refused upgrade says to run. */
const applyCrds = async (): Promise<string> => kubectlOk(['apply', '--server-side', '--force-conflicts', '-f', '-'], await crdsOfChart());

beforeAll(async () => {
  plane = await startControlPlane();
  await kubectlOk(['apply', '--server-side', '-f', '-'], STAND_INS);
  for (const { metadata: { name } } of STAND_INS) await kubectlOk(['wait', '--for=condition=Established', '--timeout=60s', `crd/${ name }`]);
});

afterAll(async () => {
  await plane?.stop();
});

describe('charts on a real API', () => {
  it('given a cluster, when the server is installed, changed, upgraded and removed by Helm, then CRDs are looked after and every backup survives', async () => {
    expect((await release('install', 'server')).output).toContain(DEPLOYED);
    expect(await kubectlOk(['-n', SYSTEM, 'get', 'deployment,service,poddisruptionbudget,serviceaccount', '-o', 'name'])).toContain('deployment.apps/harvester-vm-backup');
    const { apiVersion, kind, spec } = aBackup({ vm: 'shop' });

    await kubectlOk(['create', '-f', '-'], [{ apiVersion, kind, metadata: { name: 'nightly', namespace: 'default', finalizers: [FINALIZER_DATA] }, spec }]);

    // Another version's CRD: Helm leaves it as it is, so the chart must not go on in silence.
    const unchanged = await release('upgrade', 'server', { replicas: 3 });

    expect(unchanged.output).toContain(DEPLOYED);
    await kubectlOk(['patch', 'crd', 'vmbackups.backup.harvesterhci.io', '--type=json', '-p', JSON.stringify([{ op: 'remove', path: '/spec/versions/0/additionalPrinterColumns/0' }])]);
    const stale = await release('upgrade', 'server');

    expect(stale.ok).toBe(false);
    expect(stale.output).toContain('the CRD vmbackups.backup.harvesterhci.io in the cluster is not the one of this version. Helm does not upgrade CRDs; run "helm show crds');
    expect((await release('upgrade', 'server', { crds: { check: false } })).output).toContain(DEPLOYED);
    await applyCrds();
    expect((await release('upgrade', 'server')).output).toContain(DEPLOYED);

    // A kind that is new in the version upgraded to.
    await kubectlOk(['delete', 'crd', 'vmrestores.backup.harvesterhci.io']);
    expect((await release('upgrade', 'server')).output).toContain('the CRD vmrestores.backup.harvesterhci.io, which this version needs, is not in the cluster');
    await applyCrds();

    expect(await helm(['uninstall', 'harvester-vm-backup', '--namespace', SYSTEM], { KUBECONFIG: plane.kubeconfig })).toMatchObject({ ok: true });
    expect(await kubectlOk(['get', 'vmbackups.backup.harvesterhci.io', '-A', '-o', 'jsonpath={.items[*].metadata.name} {.items[*].metadata.deletionTimestamp}'])).toBe('nightly ');
    expect(await kubectlOk(['get', 'backupengines.backup.harvesterhci.io', '-o', 'name'])).toBe('');
    expect(await kubectlOk(['get', 'namespace', SYSTEM, '-o', 'name'])).toBe(`namespace/${ SYSTEM }\n`);
    expect((await kubectl(['-n', SYSTEM, 'get', 'deployment', 'harvester-vm-backup'])).output).toContain('not found');
  });

  it('given a namespace that enforces "restricted", when the server is installed, then Helm stops before anything is made', async () => {
    await applyCrds();
    await kubectlOk(['create', 'namespace', SYSTEM, '--dry-run=client', '-o', 'yaml']).then((text) => kubectlOk(['apply', '-f', '-'], text));
    await kubectlOk(['label', 'namespace', SYSTEM, '--overwrite', 'pod-security.kubernetes.io/enforce=restricted']);
    const refused = await release('install', 'server');

    await kubectlOk(['label', 'namespace', SYSTEM, 'pod-security.kubernetes.io/enforce-']);
    expect(refused.ok).toBe(false);
    expect(refused.output).toContain(`kubectl label namespace ${ SYSTEM } --overwrite pod-security.kubernetes.io/enforce=baseline`);
  });

  it.each<[ChartName, string, object]>([['server', 'its defaults', {}], ['server', 'everything switched on', EVERYTHING.server], ['ui', 'its defaults', {}], ['ui', 'everything switched on', EVERYTHING.ui]])(
    'given chart %s with %s, when each object is applied in a dry run, then the API accepts it and knows all its fields', async (chart, _what, values) => {
      await applyCrds();
      await kubectl(['create', 'namespace', NAMESPACES[chart]]);
      const objects = await render(chart, values);
      const output = await kubectlOk(['apply', '--server-side', '--force-conflicts', '--dry-run=server', '--validate=strict', '-f', '-'], objects);

      expect(output.match(/ serverside-applied \(server dry run\)/g)).toHaveLength(objects.length);
      expect(output).not.toMatch(/warning/i);
    });

  it('given a cluster without Rancher, when the extension is installed, then Helm says where it belongs', async () => {
    await kubectlOk(['delete', 'crd', 'uiplugins.catalog.cattle.io']);
    const refused = await release('install', 'ui');

    await kubectlOk(['apply', '--server-side', '-f', '-'], STAND_INS);
    expect(refused.ok).toBe(false);
    expect(refused.output).toContain('install the chart into the cluster that Rancher itself runs in');
  });

  it('given the strictest pod security standard, when the charts\' pods are made, then they pass; a mover passes the next one', async () => {
    const inNamespace = async (standard: string): Promise<string> => {
      const name = `security-${ standard }`;

      await kubectlOk(['apply', '-f', '-'], [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': standard } } }]);
      await kubectlOk(['wait', '--for=create', '--timeout=60s', '-n', name, 'serviceaccount/default']);
      return name;
    };
    const restricted = await inNamespace('restricted');
    const baseline = await inNamespace('baseline');
    const asPod = (spec: unknown, namespace: string): unknown => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'pod', namespace }, spec: { ...spec as object, serviceAccountName: 'default' } });
    const make = (pod: unknown): Promise<HelmRun> => kubectl(['create', '--dry-run=server', '-f', '-'], [pod]);
    const podOf = (objects: Rendered[]): unknown => (objects.find(({ kind }) => kind === 'Deployment')?.spec as { template: { spec: unknown } }).template.spec;
    const engine = { apiVersion: 'backup.harvesterhci.io/v1beta1', kind: 'BackupEngine', metadata: { name: 'restic' }, spec: { mover: { image: 'example/mover:1' } } };
    const describing: Operation = { id: 'a/describe/1', owner: { kind: 'BackupEngine', uid: 'a', name: 'restic' }, engine, task: { type: 'describe' } };
    const mover = buildJob(describing, undefined).spec.template.spec;

    expect(await make(asPod(podOf(await render('server')), restricted))).toMatchObject({ ok: true });
    expect(await make(asPod(podOf(await render('ui')), restricted))).toMatchObject({ ok: true });
    expect((await make(asPod(mover, restricted))).output).toContain('violates PodSecurity "restricted');
    expect(await make(asPod(mover, baseline))).toMatchObject({ ok: true });
  });
});
